/** What the end of a run makes due of the jobs that follow it. */
import type { DueRecord } from '../core/contracts/ledger.ts'
import type { Log } from '../core/contracts/services.ts'
import type { Hold } from '../core/contracts/sync.ts'
import { type EndState, findCycle, followedJobs, followKey, isAwaited } from '../core/follow-ups.ts'
import type { Instant, JobId, Run, Snapshot } from '../core/model.ts'
import { parametersOf, readKeptParameters } from '../core/parameters.ts'
import { skippedDaysOf } from '../core/skipped-days.ts'
import { toDueRecord } from './due.ts'
import type { ActiveJob } from './trigger-set.ts'

export interface FollowUps {
  /** Makes these the jobs that follow others. */
  use(jobs: ReadonlyMap<JobId, ActiveJob>): void
  /** What becomes due when a run ends so: to be recorded in the transaction that ends it. `snapshot` is the run's. */
  dueAfter(run: Run, snapshot: Snapshot, state: EndState): DueRecord[]
}

export interface FollowUpParts {
  /** Who suspended the job, if anybody did. */
  suspension(job: JobId): Hold | undefined
  log: Log
  now(): Instant
}

export function createFollowUps({ suspension, log, now }: FollowUpParts): FollowUps {
  let followers = new Map<JobId, ActiveJob[]>()
  let newNames = new Map<JobId, JobId>()

  function dueOf({ snapshot, revision }: ActiveJob, run: Run, ended: Snapshot): DueRecord | undefined {
    const { manifest, job } = snapshot
    const { callCenter } = run
    const isPerCenter = manifest.scope === 'call-center'
    // The other call centers' data is none of the follower's.
    if (isPerCenter && callCenter !== null && !manifest.callCenters.includes(callCenter)) return undefined
    const filled = readKeptParameters(parametersOf(manifest.trigger), run)
    const due = toDueRecord(
      snapshot,
      revision,
      {
        type: 'after',
        key: followKey(nameOf(run.job), run.id),
        slot: run.slot,
        schedule: null,
        event: run.event,
        ...('values' in filled && { parameters: filled.values }),
        file: null,
        callCenter: isPerCenter ? callCenter : null,
      },
      now(),
    )
    const held = suspension(job)
    const passedOver = held
      ? `suspended by ${held.who}: ${held.why}`
      : 'faults' in filled
        ? `run ${run.id} of ${run.job} gave it no fitting parameters: ${filled.faults.join('; ')}`
        : undefined
    const skippedDays = skippedDaysOf(run, ended)
    return { ...due, skippedDays, ...(passedOver !== undefined && { passedOver }) }
  }

  return {
    use(jobs) {
      followers = findFollowers(jobs, log)
      newNames = findNewNames(jobs)
    },
    dueAfter(run, snapshot, state) {
      // A dry run delivers nothing and a resend makes nothing new: neither is an end that anybody waits for.
      if (run.dryRun || run.origin?.kind === 'resend') return []
      // Under way while its job was renamed, it goes by the old name until its next step.
      const job = newNames.get(run.job) ?? run.job
      return (followers.get(job) ?? []).flatMap((follower) => {
        const { trigger } = follower.snapshot.manifest
        if (trigger.type !== 'after' || !isAwaited(trigger, state)) return []
        return dueOf(follower, { ...run, job }, snapshot) ?? []
      })
    },
  }
}

/** The enabled followers of each job. Versions of different revisions may wait for each other: those start nothing. */
function findFollowers(jobs: ReadonlyMap<JobId, ActiveJob>, log: Log): Map<JobId, ActiveJob[]> {
  const followers = new Map<JobId, ActiveJob[]>()
  for (const [job, active] of jobs) {
    const { manifest, client } = active.snapshot
    if (!manifest.enabled || manifest.trigger.type !== 'after') continue
    const idOf = (name: string): JobId => `${client.name}/${name}`
    const cycle = findCycle(nameOf(job), (name) => {
      const trigger = jobs.get(idOf(name))?.snapshot.manifest.trigger
      return trigger ? followedJobs(trigger) : []
    })
    if (cycle) {
      log.error({ job, cycle: cycle.join(' after ') }, 'jobs wait for each other: nothing starts this one')
      continue
    }
    for (const name of followedJobs(manifest.trigger))
      followers.set(idOf(name), [...(followers.get(idOf(name)) ?? []), active])
  }
  return followers
}

/** What jobs are called now, by names that no job has any more. */
function findNewNames(jobs: ReadonlyMap<JobId, ActiveJob>): Map<JobId, JobId> {
  const names = new Map<JobId, JobId>()
  for (const [job, { snapshot }] of jobs) {
    const { previousName } = snapshot.manifest
    const old: JobId = `${snapshot.client.name}/${previousName}`
    if (previousName !== undefined && !jobs.has(old)) names.set(old, job)
  }
  return names
}

function nameOf(job: JobId): string {
  return job.slice(job.indexOf('/') + 1)
}
