/** Rules about call centers and about jobs that a client may have only one of. */

import type { Client, Job } from '../../core/manifest.ts'
import type { JobId } from '../../core/model.ts'
import { suggestWord } from '../../core/suggest.ts'
import { conditionValues } from '../conditions.ts'
import type { Manifests } from '../config.ts'
import { jobFile } from '../layout.ts'
import { placeOf } from '../places.ts'
import { compareText, listWords, quote } from '../problems.ts'
import { jobRule, type Rule } from './rule.ts'

const unknownCallCenter = jobRule('unknown-call-center', (document, report, manifests, job) => {
  const client = manifests.clients.get(job.split('/')[0]!)
  if (!client) return
  const all = client.value.callCenters.map((center) => center.name)
  const { callCenters, fanOut, scope, steps } = document.value
  callCenters?.forEach((name, index) => {
    if (all.includes(name)) return
    const hint = suggestWord(name, all) || `; allowed: ${listWords(all)}`
    report(placeOf(document, `/callCenters/${index}`), `the client has no call center ${quote(name)}${hint}`)
  })
  const own = callCentersOf(document.value, client.value)
  if (!own.every((name) => all.includes(name))) return
  steps.forEach((step, index) => {
    if (step.type !== 'condition') return
    for (const { value, pointer, equals } of conditionValues(step.when, `/steps/${index}/when`)) {
      if (value !== 'run.callCenter') continue
      if (scope === 'client' && !fanOut?.callCenter) {
        report(
          placeOf(document, pointer),
          'run.callCenter is empty in a job of scope "client"; use scope "call-center"',
        )
        continue
      }
      // A misspelt name would silently send every call center the other way.
      for (const { pointer: at, to } of equals) {
        if (own.includes(String(to))) continue
        const hint = suggestWord(String(to), own) || `; allowed: ${listWords(own)}`
        report(placeOf(document, at), `the job has no call center ${quote(to)}${hint}`)
      }
    }
  })
})

/** The call centers that a job covers. */
export function callCentersOf(job: Job, client: Client): string[] {
  return job.callCenters ?? client.callCenters.map((center) => center.name)
}

const singletonTypes = ['campaign', 'ftp-in'] as const

const singletons: Rule = {
  name: 'one-per-client',
  check(manifests, report) {
    for (const type of singletonTypes) {
      const claimants = new Map<string, JobId[]>()
      for (const job of manifests.jobFiles.keys()) {
        if (!claims(manifests, job, type)) continue
        const client = job.split('/')[0]!
        claimants.set(client, [...(claimants.get(client) ?? []), job])
      }
      for (const jobs of claimants.values()) {
        const held = (job: JobId) => (manifests.incumbents.get(job) === type ? 0 : 1)
        const [keeper, ...others] = jobs.sort((a, b) => held(a) - held(b) || compareText(a, b))
        for (const job of others) {
          const document = manifests.jobs.get(job)
          if (!document) continue
          const message = `a client has one enabled job of type ${quote(type)}, and ${jobFile(keeper!)} is it; disable one of them`
          report(placeOf(document, '/trigger/type'), message)
        }
      }
    }
  },
}

/** Whether a job takes its client's place of that type. One that cannot be read does by what still runs of it. */
function claims({ jobs, incumbents }: Manifests, job: JobId, type: (typeof singletonTypes)[number]): boolean {
  const read = jobs.get(job)?.value
  return read ? read.enabled !== false && read.trigger.type === type : incumbents.get(job) === type
}

export const callCenterRules: Rule[] = [unknownCallCenter, singletons]
