/** Files outside of jobs that changed, and the jobs that they reach. */
import type { JobId, Snapshot } from '../model.ts'
import { isSame, listDifferences, showValue, tellDifference } from './differences.ts'
import type { PlannedSide, SharedChange, SharedDocument } from './model.ts'
import { type Phrase, phrase } from './phrase.ts'

/** A job that compiles on both sides, whatever it was called before. */
export interface KeptJob {
  job: JobId
  before: Snapshot
  after: Snapshot
}

/** Lists the changed files by path. A file that cannot be read on one side is left to its problems. */
export function sharedChanges(
  before: PlannedSide,
  after: PlannedSide,
  kept: readonly KeptJob[],
): SharedChange[] {
  const files = [...new Set([...before.shared.keys(), ...after.shared.keys()])].sort()
  return files.flatMap((file): SharedChange[] => {
    const [old, now] = [before.shared.get(file), after.shared.get(file)]
    const document = (now ?? old)!
    if (old?.value === null || now?.value === null) return []
    const differences = listDifferences(old?.value, now?.value)
    if (differences.length === 0) return []
    const keys = differences.map(({ place }) => place.split(/[.[]/)[0] ?? '')
    const jobs = kept.filter((each) => reaches(document, each, keys)).map(({ job }) => job)
    const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed'
    const told = change === 'changed' ? differences.map(tellDifference) : tellWhole(document)
    const { kind, name } = document
    return [{ file, kind, name, change, differences: told, jobs: jobs.sort() }]
  })
}

/** The files that reach each job. */
export function reachingChanges(shared: readonly SharedChange[]): Map<JobId, SharedChange[]> {
  const reaching = new Map<JobId, SharedChange[]>()
  for (const change of shared)
    for (const job of change.jobs) reaching.set(job, [...(reaching.get(job) ?? []), change])
  return reaching
}

/** What a new or removed document says, without what every document says. */
function tellWhole({ value }: SharedDocument): Phrase[] {
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value)
    .filter(([key]) => !['apiVersion', 'kind', 'name', 'sql', 'totalsSql', 'chartSql'].includes(key))
    .map(([key, inner]) => phrase`${key}: ${showValue(inner)}`)
}

/** Whether runs of a job differ by a document whose top keys changed. */
function reaches(document: SharedDocument, { before, after }: KeptJob, keys: string[]): boolean {
  const { kind, name, client } = document
  if (client !== null && client !== after.client.name) return false
  const { trigger, steps } = after.manifest
  const has = (type: string) => steps.some((step) => step.type === type)
  switch (kind) {
    case 'step-type':
      return Object.hasOwn(after.stepTypes ?? {}, name) || Object.hasOwn(before.stepTypes ?? {}, name)
    case 'connection':
      return Object.hasOwn(after.connections, name)
    case 'report':
      return Object.hasOwn(after.reports, name)
    case 'mail':
      // A client's own wording stands before the common one: only what really is sent counts.
      return Object.hasOwn(after.templates, name) && !isSame(before.templates[name], after.templates[name])
    case 'calendar':
      return after.schedules.some(({ calendar }) => calendar?.name === name)
    case 'policy':
      return keys.some((key) => {
        // These only say what is allowed: no run of a job that compiles differs by them.
        if (['connections', 'recipientDomains', 'stepTypes', 'minInterval'].includes(key)) return false
        if (key === 'maxAttachmentSize') return has('email')
        if (key === 'reportLimits') return has('report')
        if (key === 'dataset') return has('report') || after.manifest.fanOut !== undefined
        return key === 'eventKeys' ? trigger.type === 'campaign' : true
      })
    case 'settings':
      // The rest is the engine's own.
      return keys.includes('alerts') || keys.includes('')
    case 'client':
      return true
  }
}
