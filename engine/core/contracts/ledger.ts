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
  RunState,
  Sha256,
  Snapshot,
  StepOutcome,
  StepRecord,
  TriggerRecord,
} from '../model.ts'

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
  now: Instant
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

export interface AlertRecord {
  id: string
  runId: string
  facts: AlertFacts
  state: 'pending' | 'sent'
  createdAt: Instant
}

/** One job's part of a reconcile. */
export interface JobChange {
  job: JobId
  /** null: it did not compile, the record keeps its last good snapshot. */
  snapshot: Snapshot | null
  message: string
  /** The job whose history and debts it takes over. */
  renamedFrom?: JobId
}

/** `applied` is the last revision of which every job compiled. */
export interface LastRevision {
  attempted: string
  applied: string | null
  at: Instant
}

export interface Ledger {
  /** Records a reconcile: new snapshots, problems, and jobs that are gone. */
  applyRevision(revision: string, changes: JobChange[], removed: JobId[], now: Instant): Promise<void>
  jobs(): Promise<JobRecord[]>
  snapshots(digests: Sha256[]): Promise<Snapshot[]>
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

  /** Alerts that were not sent yet, oldest first. */
  pendingAlerts(): Promise<AlertRecord[]>
  markAlert(id: string, state: 'sent', now: Instant): Promise<void>
  close(): Promise<void>
}
