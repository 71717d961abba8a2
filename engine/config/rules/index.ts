/** The list of rules: what a schema cannot state. */
import type { Problem } from '../../core/model.ts'
import type { Manifests } from '../config.ts'
import { alertRules } from './alerts.ts'
import { awaitedFileRules } from './awaited-files.ts'
import { blackoutRules } from './blackouts.ts'
import { bounceRules } from './bounces.ts'
import { bucketRules } from './buckets.ts'
import { callCenterRules } from './call-centers.ts'
import { catalogTokenRules } from './catalog-tokens.ts'
import { conditionRules } from './conditions.ts'
import { copyRules } from './copies.ts'
import { coveredDaysRules } from './covered-days.ts'
import { customStepRules } from './custom-steps.ts'
import { dropFolderRules } from './drop-folders.ts'
import { durationRules } from './durations.ts'
import { fanOutRules } from './fan-out.ts'
import { fileRules } from './files.ts'
import { followedJobRules } from './followed-jobs.ts'
import { httpRules } from './http.ts'
import { jobTestRules } from './job-tests.ts'
import { keyRules } from './keys.ts'
import { layoutRules } from './layouts.ts'
import { mailLinkRules } from './mail-links.ts'
import { nameRules } from './names.ts'
import { noEffectRules } from './no-effect.ts'
import { outcomeRules } from './outcomes.ts'
import { parameterRules } from './parameters.ts'
import { policyRules } from './policy.ts'
import { referenceRules } from './references.ts'
import { reportMailRules } from './report-mails.ts'
import { reportRules } from './reports.ts'
import { retentionRules } from './retention.ts'
import type { Report, Rule } from './rule.ts'
import { scheduleRules } from './schedules.ts'
import { stepRules } from './steps.ts'
import { templateRules } from './templates.ts'
import { trustRules } from './trust.ts'

export const rules: readonly Rule[] = [
  ...nameRules,
  ...referenceRules,
  ...policyRules,
  ...keyRules,
  ...httpRules,
  ...bucketRules,
  ...bounceRules,
  ...catalogTokenRules,
  ...alertRules,
  ...stepRules,
  ...customStepRules,
  ...conditionRules,
  ...parameterRules,
  ...fanOutRules,
  ...callCenterRules,
  ...dropFolderRules,
  ...followedJobRules,
  ...scheduleRules,
  ...blackoutRules,
  ...coveredDaysRules,
  ...durationRules,
  ...retentionRules,
  ...noEffectRules,
  ...fileRules,
  ...copyRules,
  ...awaitedFileRules,
  ...mailLinkRules,
  ...templateRules,
  ...reportRules,
  ...reportMailRules,
  ...layoutRules,
  ...outcomeRules,
  ...trustRules,
  ...jobTestRules,
]

/** Every problem that the rules find, in no order. */
export function checkRules(manifests: Manifests): Problem[] {
  const found: Problem[] = []
  const checks = rules.map((rule) => {
    const report: Report = (at, message, severity = 'error') => {
      const { file, line, column, endLine, endColumn } = at
      found.push({ file, line, column, endLine, endColumn, rule: rule.name, severity, message })
    }
    return { rule, report }
  })
  for (const { rule, report } of checks) rule.check?.(manifests, report)
  // Job by job, so that a job is in the processor's cache for all of its rules: with many jobs twice as fast.
  for (const [job, document] of manifests.jobs) {
    for (const { rule, report } of checks) rule.checkJob?.(document, report, manifests, job)
  }
  return found
}
