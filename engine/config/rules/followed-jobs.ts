/** Rules about jobs that follow others. */
import { findCycle } from '../../core/follow-ups.ts'
import type { Job } from '../../core/manifest.ts'
import type { JobId } from '../../core/model.ts'
import { suggestWord } from '../../core/suggest.ts'
import { followedBy } from '../followed-jobs.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { jobRule, type Rule } from './rule.ts'

const unknownFollowed = jobRule('unknown-followed-job', (document, report, { jobFiles }, job) => {
  const client = job.split('/')[0]!
  for (const { name, pointer } of followedIn(document)) {
    if (jobFiles.has(`${client}/${name}`)) continue
    const known = [...jobFiles.keys()]
      .filter((other) => other !== job && other.startsWith(`${client}/`))
      .map((other) => other.slice(client.length + 1))
    const allowed = known.length === 0 ? '; it is the only one' : `; allowed: ${listWords(known.sort())}`
    const hint = suggestWord(name, known) || allowed
    report(placeOf(document, pointer), `the client has no job ${quote(name)}${hint}`)
  }
})

const followedDisabled = jobRule('followed-job-disabled', (document, report, { jobs }, job) => {
  if (document.value.enabled === false) return
  for (const { name, pointer } of followedIn(document)) {
    if (jobs.get(`${job.split('/')[0]!}/${name}`)?.value.enabled !== false) continue
    const message = `the job ${quote(name)} is disabled: only its runs by hand start this one`
    report(placeOf(document, pointer), message, 'warning')
  }
})

const afterCycle = jobRule('after-cycle', (document, report, manifests, job) => {
  const [client = '', name = ''] = job.split('/')
  if (document.value.trigger.type !== 'after') return
  const cycle = findCycle(name, (each) => followedBy(manifests, `${client}/${each}` as JobId))
  if (cycle) {
    const message = `the job waits for itself: ${cycle.join(' after ')}; a chain of jobs has to begin with another trigger`
    report(placeOf(document, '/trigger/job'), message)
  }
})

/** The names that a job follows, each with its pointer. */
function followedIn({ value }: LoadedDocument<Job>): { name: string; pointer: string }[] {
  if (value.trigger.type !== 'after') return []
  const { job } = value.trigger
  if (typeof job === 'string') return [{ name: job, pointer: '/trigger/job' }]
  return job.map((name, index) => ({ name, pointer: `/trigger/job/${index}` }))
}

export const followedJobRules: Rule[] = [unknownFollowed, followedDisabled, afterCycle]
