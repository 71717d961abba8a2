/** The ledger: the only memory. Every method is one durable transaction: what it acknowledged survives a power cut. */
import type {
  Delivery,
  DeliveryState,
  DroppedFile,
  EventData,
  Instant,
  JobId,
  JobRecord,
  RecordedError,
  Run,
  RunDetail,
  RunFile,
  RunOrigin,
  RunState,
  Sha256,
  Snapshot,
  StepOutcome,
  StepRecord,
  TriggerRecord,
} from '../model.ts'
import type { CommitFacts } from './config-source.ts'
import type { Action, Applied, Audit, Hold, JobVersion, OperatorFacts, Sync } from './sync.ts'

/** A due thing with the runs it starts. */
export interface DueRecord {
  job: JobId
  trigger: TriggerRecord
  slot: Instant
  schedule: string | null
  event: EventData | null
  file: DroppedFile | null
  /** One run each; null is the whole client. */
  callCenters: (string | null)[]
  snapshot: Sha256
  revision: string
  /** Where its runs begin. */
  firstStep: string
  dryRun: boolean
  /** Repeats a run: its files are taken over, those of the named steps only; `who` and `why` are recorded with it. */
  repeats?: { origin: RunOrigin; filesOf: string[]; audit: Audit }
  /** Runs of a group side by side are limited; null: they are not. */
  group: RunGroup | null
  now: Instant
}

export interface RunGroup {
  /** `<client>/<group>`, or the job's id. */
  name: string
  limit: number
  onConflict: 'queue' | 'skip' | 'replace'
}

/** Guards each write of a run: a lower token than the row's is refused with RUN_LOST. */
export interface RunGuard {
  runId: string
  token: number
}

export interface StepEnd {
  seq: number
  outcome: Exclude<StepOutcome, 'running'>
  note: string
  error: RecordedError | null
  files: RunFile[]
  /** The step that is next, or how the run ends. */
  next: { step: string } | { end: Exclude<RunState, 'queued' | 'running'> }
  /** Told to the operators, in the same transaction. */
  alert: AlertFacts | null
  now: Instant
}

export interface EventRecord {
  client: string
  /** The sender's id, unique per client and source. */
  source: string
  id: string
  type: string
  data: EventData
  bodySha256: Sha256
  receivedAt: Instant
}

export interface SlotRecord {
  job: JobId
  schedule: string
  at: Instant
  callCenter: string | null
  outcome: 'ran' | 'missed' | 'skipped'
  note: string
  runId: string | null
}

/** What the operators are told of a failed step; the names that their template may use. */
export interface AlertFacts {
  job: { id: JobId; title: string }
  client: { name: string; title: string }
  callCenter: string | null
  run: { id: string; slot: Instant; revision: string }
  step: { name: string; type: string; attempts: number }
  error: { code: string; message: string; hint: string }
  /** How it goes on, a sentence. */
  next: string
}

/** What the operators are told of anything else than a failed step. */
export interface NoticeFacts {
  title: string
  /** What happened, sentences. */
  message: string
  facts: { name: string; value: string }[]
  /** One line each, such as problems with their places. */
  list: string[]
  /** How it goes on, or what to do. */
  next: string
}

export interface AlertRecord {
  id: string
  /** null: it is about no run. */
  runId: string | null
  /** Tells which template: a failed step's, or that of notices. */
  about: { step: AlertFacts } | { notice: NoticeFacts }
  state: 'pending' | 'sent'
  createdAt: Instant
}

/** `applied` is the last revision of which every job compiled. */
export interface LastRevision {
  attempted: string
  applied: string | null
  at: Instant
}

export interface Ledger {
  /** Records a reconcile: new snapshots, problems, jobs that are gone, and the sync itself. */
  applyRevision(applied: Applied): Promise<void>
  /** Records a sync that changed nothing; the same as the last one, again, only counts up. */
  recordSync(sync: Sync): Promise<void>
  /** Newest first. */
  syncs(limit: number): Promise<Sync[]>
  /** Who made the commit of a revision, if it was ever applied. */
  commit(revision: string): Promise<CommitFacts | null>
  /** What was in force of the operators' documents; null before the first reconcile. */
  operators(): Promise<OperatorFacts | null>
  jobs(): Promise<JobRecord[]>
  /** Newest first. */
  jobVersions(job: JobId): Promise<JobVersion[]>
  /** What a job ran at a revision that was applied, named in full or by its beginning; undefined where nothing. */
  versionAt(job: JobId, revision: string): Promise<JobVersion | undefined>
  snapshots(digests: Sha256[]): Promise<Snapshot[]>
  /** Holds a job; a hold of the same kind is replaced. */
  hold(hold: Hold): Promise<void>
  /** Lets a job go; false where it was not held. */
  letGo(job: JobId, kind: Hold['kind'], audit: Audit): Promise<boolean>
  holds(): Promise<Hold[]>
  /** What people did by hand, newest first. */
  actions(filter: { subject?: string; limit: number }): Promise<Action[]>
  /** The last reconcile; null before the first. */
  lastRevision(): Promise<LastRevision | null>

  /** Records slots, event or file and its runs at once. Returns the ids of new runs; none where the key was known. */
  recordDue(due: DueRecord): Promise<string[]>
  /** Keeps a snapshot for runs of it, without making it what a job runs. */
  keepSnapshot(snapshot: Snapshot, now: Instant): Promise<void>
  /** Records slots. Known ones are left as they are, but for one passed over that ran after all. */
  recordSlots(slots: SlotRecord[]): Promise<void>
  /** For each schedule of a job, by name: nothing at or before this moment is due any more. */
  schedulesSince(job: JobId, now: Instant): Promise<Record<string, Instant>>
  /** Records an event and the runs it starts; `known` where it was there before, with whether its body was the same. */
  recordEvent(
    event: EventRecord,
    due: DueRecord[],
  ): Promise<{ known: boolean; sameBody: boolean; runIds: string[] }>
  knowsFile(job: JobId, key: string): Promise<boolean>

  /** Runs that have not ended, oldest first. */
  unfinishedRuns(): Promise<Run[]>
  /** Takes a run: raises its token and sets it running. undefined where it has ended. */
  claimRun(runId: string, now: Instant): Promise<RunDetail | undefined>
  /** Begins the step at the run's position, or goes on with the one that had not ended. */
  beginStep(guard: RunGuard, name: string, type: StepRecord['type'], now: Instant): Promise<StepRecord>
  /** Counts one more attempt before it is made. */
  countAttempt(guard: RunGuard, seq: number): Promise<number>
  /** Shows why a step waits for another attempt. */
  noteError(guard: RunGuard, seq: number, error: RecordedError): Promise<void>
  endStep(guard: RunGuard, end: StepEnd): Promise<void>

  /** Records what is to be sent, or returns the delivery of that run, step and target with the state it has. */
  intendDelivery(
    guard: RunGuard,
    delivery: Omit<Delivery, 'state' | 'note' | 'at'>,
    now: Instant,
  ): Promise<Delivery>
  markDelivery(
    guard: RunGuard,
    id: string,
    state: DeliveryState,
    note: string,
    now: Instant,
  ): Promise<Delivery>

  run(runId: string): Promise<RunDetail | undefined>
  /** The newest runs of each job, those of one moment (one a call center); dry runs aside. */
  latestRuns(): Promise<Run[]>
  /** Newest first. */
  runs(filter: { job?: JobId; client?: string; limit: number }): Promise<RunDetail[]>

  /** Makes a notice pending; one with that id is told only once. */
  raiseNotice(id: string, notice: NoticeFacts, now: Instant): Promise<void>
  /** Alerts that were not sent yet, oldest first. */
  pendingAlerts(): Promise<AlertRecord[]>
  markAlert(id: string, state: 'sent', now: Instant): Promise<void>
  close(): Promise<void>
}
