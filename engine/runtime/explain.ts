/** Why a job ran or did not run, in one sentence and with the evidence, out of what the ledger holds. */
import type { Ledger } from '../core/contracts/ledger.ts'
import type { Hold, JobVersion } from '../core/contracts/sync.ts'
import { JobsdError } from '../core/errors.ts'
import { followedJobs } from '../core/follow-ups.ts'
import type { DropFolder } from '../core/manifest.ts'
import type { Instant, JobId, JobRecord, Snapshot, TriggerOf } from '../core/model.ts'
import { readMoment } from '../core/moment.ts'
import { unknownJob } from '../core/unknown-job.ts'
import { type AskedFollow, explainAfter } from './explain-after.ts'
import { explainEvent } from './explain-event.ts'
import { explainFile } from './explain-file.ts'
import { explainSlot, isPlanned } from './explain-slot.ts'
import type { LiveLook } from './look-at-file.ts'

/** What the answer comes down to. A closed set. */
export type Answer =
  | 'ran'
  | 'caught-up'
  | 'missed'
  | 'skipped'
  | 'undecided'
  | 'to-come'
  | 'not-due'
  | 'taken'
  | 'waiting'
  | 'ignored'
  | 'never-seen'
  | 'refused'

/** One fact that the answer rests on; `run` and `at` where it has them. */
export interface Evidence {
  kind: 'slot' | 'run' | 'delivery' | 'schedule' | 'version' | 'hold' | 'file' | 'folder' | 'event'
  text: string
  run: string | null
  at: Instant | null
}

export interface Explanation {
  job: JobId
  answer: Answer
  sentence: string
  evidence: Evidence[]
}

/** A moment as people write it, the path of a posted file, or the id of an event. */
export type Question = { slot: string } | { file: string } | { event: string }

/** A job as it is, and each version that it ever had. */
export interface KnownJob {
  record: JobRecord
  /** Newest first; those whose snapshot is kept. */
  versions: (JobVersion & { body: Snapshot })[]
  suspended: Hold | undefined
  nowMs: number
}

export interface ExplainParts {
  ledger: Pick<
    Ledger,
    | 'jobs'
    | 'jobVersions'
    | 'snapshots'
    | 'holds'
    | 'slotFacts'
    | 'takenFiles'
    | 'seenFiles'
    | 'events'
    | 'run'
  >
  /** By which rule a drop folder leaves a file of that name alone; undefined where it takes it. */
  whyUnwanted(
    name: string,
    folder: Pick<DropFolder, 'match' | 'ignore' | 'complete' | 'companion'>,
  ): string | undefined
  /** Asks the servers, where an engine runs; undefined where nobody can. */
  lookAtFile?(job: JobId, path: string): Promise<LiveLook | undefined>
  now(): Date
}

const mostEvents = 20

/** Throws JOB_UNKNOWN, BAD_REQUEST for what is no moment. */
export async function explain(parts: ExplainParts, id: string, question: Question): Promise<Explanation> {
  const { ledger } = parts
  const job = await readJob(parts, id)
  if ('file' in question) {
    const path = question.file.startsWith('/') ? question.file : `/${question.file}`
    const taken = await ledger.takenFiles(job.record.job, { path })
    const [newest] = taken
    const same = newest ? await ledger.takenFiles(job.record.job, { sha256: newest.file.sha256 }) : []
    const seen = await ledger.seenFiles(job.record.job, path)
    const live = await parts.lookAtFile?.(job.record.job, path)
    return explainFile(job, { path, taken, same, seen, ...(live && { live }) }, parts.whyUnwanted)
  }
  if ('event' in question) {
    const { client } = job.record
    const events = await ledger.events({ client, id: question.event, limit: mostEvents })
    const ids = events.flatMap(({ runIds }) => runIds)
    const runs = await Promise.all(ids.map((runId) => ledger.run(runId)))
    const kept = runs.filter((run) => run !== undefined)
    return explainEvent(job, { id: question.event, events, runs: kept })
  }
  const moments = readMoments(question.slot, job)
  const facts = await Promise.all(
    moments.map(async (atMs) => ({
      atMs,
      ...(await ledger.slotFacts(job.record.job, new Date(atMs).toISOString())),
    })),
  )
  // The same wall time in several zones: what is recorded tells which one was meant.
  const meant =
    facts.find(({ slots, runs }) => slots.length > 0 || runs.length > 0) ??
    facts.find(({ atMs }) => isPlanned(job, atMs)) ??
    facts[0]!
  const trigger = job.versions[0]?.body.manifest.trigger
  if (trigger?.type === 'after') {
    const followed = await readFollowed(parts, job, trigger, meant.atMs)
    return explainAfter(job, { ...meant, trigger, followed })
  }
  return explainSlot(job, { ...meant, asked: question.slot })
}

/** What the jobs that it follows did for the moment. */
function readFollowed(
  { ledger }: ExplainParts,
  { record }: KnownJob,
  trigger: TriggerOf<'after'>,
  atMs: number,
): Promise<AskedFollow['followed']> {
  const at = new Date(atMs).toISOString()
  const jobs = followedJobs(trigger).map((name): JobId => `${record.client}/${name}`)
  return Promise.all(jobs.map(async (job) => ({ job, runs: (await ledger.slotFacts(job, at)).runs })))
}

async function readJob({ ledger, now }: ExplainParts, id: string): Promise<KnownJob> {
  const [records, held] = await Promise.all([ledger.jobs(), ledger.holds()])
  const record = records.find(({ job }) => job === id)
  if (!record) {
    throw unknownJob(
      id,
      records.map(({ job }) => job),
    )
  }
  const applied = await ledger.jobVersions(record.job)
  const { snapshot, appliedRevision, firstAppliedAt } = record
  const versions =
    applied.length > 0 || !snapshot || !firstAppliedAt
      ? applied
      : // A ledger of before versions were kept has only what runs.
        [{ job: record.job, revision: appliedRevision ?? '', snapshot, at: firstAppliedAt }]
  const bodies = new Map(
    (await ledger.snapshots([...new Set(versions.map(({ snapshot }) => snapshot))])).map((body) => [
      body.digest,
      body,
    ]),
  )
  return {
    record,
    versions: versions.flatMap((version) => {
      const body = bodies.get(version.snapshot)
      return body ? [{ ...version, body }] : []
    }),
    suspended: held.find(({ job, kind }) => job === record.job && kind === 'suspended'),
    nowMs: now().getTime(),
  }
}

/** One moment, or for a wall time one in each zone that the job's schedules ever had. */
function readMoments(text: string, { versions }: KnownJob): number[] {
  // As `runs` prints it, where a run by hand is due to the millisecond.
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text)))
    return [Date.parse(text)]
  const zones = versions.flatMap(({ body }) => [
    ...body.schedules.map(({ timezone }) => timezone),
    ...(body.schedules.length > 0 ? [] : [body.client.timezone]),
  ])
  const found = [...new Set(zones.length > 0 ? zones : ['UTC'])].map((zone) => readMoment(text, zone))
  const moments = [...new Set(found.filter((ms) => ms !== undefined))]
  if (moments.length > 0) return moments
  const reason = `${text} is no moment such as 2026-11-20T18:30 or 2026-11-21T00:30:00Z`
  throw new JobsdError('BAD_REQUEST', { reason })
}
