/** Which jobs follow which, and when: pure. */
import type { RunState, Trigger, TriggerOf } from './model.ts'

/** How a run ends for good. */
export type EndState = Exclude<RunState, 'queued' | 'running'>

/** The names of the jobs that a trigger waits for; none where it is of another type. */
export function followedJobs(trigger: Trigger): string[] {
  return trigger.type === 'after' ? [trigger.job].flat() : []
}

/** Whether a run that ended so is what the trigger waits for. */
export function isAwaited({ on = 'succeeded' }: TriggerOf<'after'>, state: EndState): boolean {
  return on === 'ended' || on === state
}

/** `after eod-call-detail or eod-billing succeeded`. In any way it ended: `after eod-call-detail ended`. */
export function spellFollow(trigger: TriggerOf<'after'>): string {
  const words = { succeeded: 'succeeded', failed: 'failed', skipped: 'was skipped', ended: 'ended' }
  return `after ${followedJobs(trigger).join(' or ')} ${words[trigger.on ?? 'succeeded']}`
}

/** The key of what a run's end makes due, unique for the run. */
export function followKey(job: string, runId: string): string {
  return `${job}:${runId}`
}

/** The job and the run that a key was made of; undefined for the key of a repeat by hand. */
export function readFollowKey(key: string): { job: string; runId: string } | undefined {
  const [, job, runId] = /^([a-z0-9-]+):([0-9a-f]{16,})$/.exec(key) ?? []
  return job === undefined || runId === undefined ? undefined : { job, runId }
}

/**
 * The way on which a job waits for itself, beginning and ending with it; undefined where it does not. `followed` gives the
 * names that a job waits for.
 */
export function findCycle(start: string, followed: (job: string) => readonly string[]): string[] | undefined {
  const seen = new Set<string>()
  const ways: string[][] = [[start]]
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const job of followed(way.at(-1)!)) {
      if (job === start) return [...way, job]
      if (!seen.has(job)) ways.push([...way, job])
      seen.add(job)
    }
  }
  return undefined
}
