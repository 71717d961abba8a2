/** The list of rules: what a schema cannot state. */
import type { Problem } from '../../core/model.ts'
import type { Manifests } from '../config.ts'
import { callCenterRules } from './call-centers.ts'
import { fileRules } from './files.ts'
import { nameRules } from './names.ts'
import { policyRules } from './policy.ts'
import { referenceRules } from './references.ts'
import type { Rule } from './rule.ts'
import { scheduleRules } from './schedules.ts'
import { stepRules } from './steps.ts'
import { templateRules } from './templates.ts'

export const rules: readonly Rule[] = [
  ...nameRules,
  ...referenceRules,
  ...policyRules,
  ...stepRules,
  ...callCenterRules,
  ...scheduleRules,
  ...fileRules,
  ...templateRules,
]

/** Every problem that the rules find, in the order of the list. */
export function checkRules(manifests: Manifests): Problem[] {
  return rules.flatMap((rule) => {
    const found: Problem[] = []
    rule.check(manifests, (at, message, severity = 'error') => {
      const { file, line, column, endLine, endColumn } = at
      found.push({ file, line, column, endLine, endColumn, rule: rule.name, severity, message })
    })
    return found
  })
}
