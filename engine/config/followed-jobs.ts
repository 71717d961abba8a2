/** Jobs that follow each other, by their manifests. */
import { followedJobs } from '../core/follow-ups.ts'
import type { Job } from '../core/manifest.ts'
import type { JobId } from '../core/model.ts'
import type { Manifests } from './config.ts'

/** The names that a job in a manifest follows; none where it follows nothing or cannot be read. */
export function followedBy({ jobs }: Pick<Manifests, 'jobs'>, job: JobId): string[] {
  const trigger = jobs.get(job)?.value.trigger
  return trigger ? followedJobs(trigger) : []
}

/** The types of the triggers that the job's runs go back to: its own, or those of the jobs at the begin of its chains. */
export function firstTriggers(manifests: Pick<Manifests, 'jobs'>, job: JobId): Set<Job['trigger']['type']> {
  const client = job.split('/')[0]!
  const found = new Set<Job['trigger']['type']>()
  const seen = new Set<JobId>()
  const open = [job]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const type = manifests.jobs.get(id)?.value.trigger.type
    if (type === 'after') open.push(...followedBy(manifests, id).map((name): JobId => `${client}/${name}`))
    else if (type) found.add(type)
  }
  return found
}

/** Whether every run of the job that starts by itself goes back to a campaign. */
export function hasCampaign(manifests: Pick<Manifests, 'jobs'>, job: JobId): boolean {
  const [type, ...others] = firstTriggers(manifests, job)
  return type === 'campaign' && others.length === 0
}
