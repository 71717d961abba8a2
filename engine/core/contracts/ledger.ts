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
  RunParameters,
  RunRow,
  RunState,
  Sha256,
  Snapshot,
  StepOutcome,
  StepRecord,
  TriggerRecord,
} from '../model.ts'
import type {
  AlertRecord,
  DueWindow,
  DueWork,
  EndedExpectation,
  JudgedExpectation,
  NoticeFacts,
  OpenExpectation,
  StepAlert,
  StepNotice,
} from './alerts.ts'
import type {
  BounceRecord,
  ClearRequest,
  GivenBounces,
  RecordedBounces,
  ReturnedRecipient,
} from './bounces.ts'
import type { CatalogFacts, TroubledDelivery } from './catalog.ts'
import type { CommitFacts } from './config-source.ts'
import type { DropRecords, SeenFile, SeenRecord } from './drops.ts'
import type { EndedWindow, LeftDelivery } from './leftovers.ts'
import type { QueuedRun } from './queue.ts'
import type { Pruned, PruneLimits } from './retention.ts'
import type { Action, Applied, Audit, Hold, JobChange, JobVersion, OperatorFacts, Sync } from './sync.ts'

/** A due thing with the runs it starts. */
export interface DueRecord {
  job: JobId
  trigger: TriggerRecord
  slot: Instant
  schedule: string | null
  event: EventData | null
  parameters?: RunParameters
  file: DroppedFile | null
  /** The files of one run for all of them; then `file` is null. */
  files?: DroppedFile[]
  /** The same files as they were decided on. One that started a run before makes the whole due thing known. */
  seen?: SeenFile[]
  /** One run each; null is the whole client. */
  callCenters: (string | null)[]
  snapshot: Sha256
  revision: string
  /** Where its runs begin. */
  firstStep: string
  /** Of a fan-out: the row that its only run is for. Its slot is that of the run that asked for the rows. */
  row?: RunRow
  dryRun: boolean
  /** Repeats a run: its files are taken over, those of the named steps only; `who` and `why` are recorded with it. */
  repeats?: { origin: RunOrigin; filesOf: string[]; audit: Audit }
  /** Days off that the slot covers besides its own, taken over with it; absent where the job's schedules tell. */
  skippedDays?: number
  /** Why nothing of it is done: its runs are recorded as skipped. */
  passedOver?: string
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

/** A run that has not ended, as a queue must know it. */
export interface WaitingRun extends Omit<QueuedRun, 'connections'> {
  /** Whose slot `dueAt` is; null for a run that no schedule started. */
  schedule: string | null
  snapshot: Sha256
  /** The step that is next or running. */
  position: string | null
  startedAt: Instant | null
}

/** Guards each write of a run: a lower token than the row's is refused with RUN_LOST. */
export interface RunGuard {
  runId: string
  token: number
}

export interface StepName {
  name: string
  type: StepRecord['type']
}

/** The attempt that a new run begins with at once; undefined: it waits. */
export type ChooseAttempt = (runId: string) => StepName | undefined

export interface StepEnd {
  seq: number
  outcome: Exclude<StepOutcome, 'running'>
  note: string
  error: RecordedError | null
  files: RunFile[]
  /** The step that is next, or how the run ends. */
  next: { step: string } | { end: Exclude<RunState, 'queued' | 'running'> }
  /** What is told of it, in the same transaction; null: nothing, and it counts for nothing. */
  alert: StepAlert | null
  /** What the step itself tells, in the same transaction. */
  notice?: StepNotice
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

/** What came of an event. `refused`: the job that takes it could not, for its sender's fault. */
export interface EventVerdict {
  outcome: 'started' | 'nothing' | 'refused'
  /** Why it started nothing, a sentence; otherwise empty. */
  note: string
  /** Told to the operators with it; one of that id is told only once. */
  notice: { id: string; facts: NoticeFacts } | null
}

/** What an event is answered with: a repeat as the first time. `runIds` and `note` are empty for another body. */
export interface EventAnswer extends Pick<EventVerdict, 'outcome' | 'note'> {
  known: boolean
  sameBody: boolean
  runIds: string[]
}

/** An event as it is kept. */
export interface KnownEvent extends EventRecord, Pick<EventVerdict, 'outcome' | 'note'> {
  runIds: string[]
}

/** Which events are asked for. */
export interface EventFilter {
  client?: string
  id?: string
  /** Only those that started nothing. */
  unused?: boolean
  /** Only those received at this moment or later. */
  since?: Instant
  limit: number
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

/** `applied` is the last revision of which every job compiled. */
export interface LastRevision {
  attempted: string
  applied: string | null
  at: Instant
}

/** One repeat of a run by hand. */
export interface Repeat extends Audit {
  kind: RunOrigin['kind']
  /** The other run: the one repeated, or the one that repeats. */
  runId: string
}

/** A step of a run that has not ended, which waits for what is not there yet. */
export interface WaitingStep extends Pick<StepRecord, 'runId' | 'name' | 'note'> {
  job: JobId
  callCenter: string | null
}

/** What a run repeats, and by which runs it was repeated, oldest first. */
export interface Repeats {
  of: Repeat | null
  by: Repeat[]
}

/** All that is known of one due moment of a job. */
export interface SlotFacts {
  slots: SlotRecord[]
  /** Every run for that moment, by hand too, oldest first. */
  runs: RunDetail[]
  /** For each schedule in force, by name: it owes nothing at or before this moment. */
  since: Record<string, Instant>
}

/** A posted file that was taken, with the runs that it started. */
export interface TakenFile {
  file: DroppedFile
  at: Instant
  runs: RunDetail[]
}

type OfJob<M> = M extends (...args: infer A) => infer R ? (job: JobId, ...args: A) => R : never

/** DropRecords of any job. */
export type LedgerDrops = {
  [M in Exclude<keyof DropRecords, 'tell' | 'record' | 'markGone' | 'settle'>]: OfJob<DropRecords[M]>
} & {
  record(job: JobId, file: SeenFile, now: Instant): Promise<void>
  markGone(job: JobId, keys: string[], now: Instant): Promise<void>
  settle(job: JobId, key: string, note: string, isGone: boolean, now: Instant): Promise<void>
}

export interface Ledger {
  /** Records a reconcile: new snapshots, problems, jobs that are gone, and the sync itself. */
  applyRevision(applied: Applied): Promise<void>
  /** Records a sync that changed nothing; the same as the last one, again, only counts up. */
  recordSync(sync: Sync): Promise<void>
  /** Newest first. */
  syncs(limit: number): Promise<Sync[]>
  /** The newest sync that was applied, wholly or partly; null before the first. */
  lastApplied(): Promise<Sync | null>
  /** The newest notice about syncs, by its id: of trouble, or that it is over. */
  lastSyncNotice(): Promise<string | null>
  /** Who made the commit of a revision, if it was ever applied. */
  commit(revision: string): Promise<CommitFacts | null>
  /** What was in force of the operators' documents; null before the first reconcile. */
  operators(): Promise<OperatorFacts | null>
  jobs(): Promise<JobRecord[]>
  /** Newest first. */
  jobVersions(job: JobId): Promise<JobVersion[]>
  /** The revisions that were applied and begin like that, newest first. */
  revisionsLike(beginning: string): Promise<string[]>
  /** What a job ran at a revision that was applied; undefined where nothing. */
  versionAt(job: JobId, revision: string): Promise<JobVersion | undefined>
  snapshots(digests: Sha256[]): Promise<Snapshot[]>
  /** Holds a job; a hold of the same kind is replaced. */
  hold(hold: Hold): Promise<void>
  /** Lets a job go; false where it was not held. */
  letGo(job: JobId, kind: Hold['kind'], audit: Audit): Promise<boolean>
  holds(): Promise<Hold[]>
  /** Puts versions in force because of holds, without a sync. */
  applyHolds(changes: JobChange[], now: Instant): Promise<void>
  /** What people did by hand, newest first. */
  actions(filter: { subject?: string; limit: number }): Promise<Action[]>
  /** The last reconcile; null before the first. */
  lastRevision(): Promise<LastRevision | null>

  /** Records slots, event or file and its runs at once. Returns the ids of new runs; none where the key was known. */
  recordDue(due: DueRecord): Promise<string[]>
  /**
   * As `recordDue`, and begins those of its new runs for which `choose` names an attempt: taken by token 1, the attempt
   * counted, as `claimRun` would do next. It is asked within the transaction, which may be done again: it must answer the
   * same for the same run, and touch no ledger.
   */
  recordAndBegin(due: DueRecord, choose: ChooseAttempt): Promise<{ runIds: string[]; begun: RunDetail[] }>
  /** Keeps a snapshot for runs of it, without making it what a job runs. */
  keepSnapshot(snapshot: Snapshot, now: Instant): Promise<void>
  /** Records slots. Known ones are left as they are, but for one passed over that ran after all. */
  recordSlots(slots: SlotRecord[]): Promise<void>
  /** For each schedule of a job, by name: nothing at or before this moment is due any more. */
  schedulesSince(job: JobId, now: Instant): Promise<Record<string, Instant>>
  /**
   * Records an event, what came of it, and the runs it starts. `known` where it was there before, with whether its body
   * was the same: then nothing is changed. Without a verdict it is told by whether it starts anything.
   */
  recordEvent(event: EventRecord, due: DueRecord[], verdict?: EventVerdict): Promise<EventAnswer>
  /** Newest first. */
  events(filter: EventFilter): Promise<KnownEvent[]>
  /** Whether a posted file was decided on before; one that lies where it was again is kept from being forgotten. */
  knowsFile(job: JobId, key: string): Promise<boolean>
  /** What is kept of a job's posted files; see DropRecords. */
  drops: LedgerDrops
  /** Every decision on what was posted at that path, newest first; at most 20. */
  seenFiles(job: JobId, path: string): Promise<SeenRecord[]>

  /** Runs that have not ended, oldest first. */
  unfinishedRuns(): Promise<Run[]>
  /** The same for a queue, all of them oldest first, or those of these that have not ended. */
  waitingRuns(ids?: string[]): Promise<WaitingRun[]>
  /**
   * Takes a run: raises its token and sets it running. undefined where it has ended. Where it stands at the named step,
   * that is begun and one more attempt counted in the same transaction: the run's last step shows it as running.
   */
  claimRun(runId: string, now: Instant, attempt?: StepName): Promise<RunDetail | undefined>
  /** Ends a run by hand, whoever works on it. Returns the state that it had, undefined for no such run. */
  cancelRun(runId: string, audit: Audit): Promise<RunState | undefined>
  /** As `beginStep`, and counts one more attempt before it is made. */
  beginAttempt(guard: RunGuard, step: StepName, now: Instant): Promise<StepRecord>
  /** Begins the step at the run's position, or goes on with the one that had not ended. */
  beginStep(guard: RunGuard, name: string, type: StepRecord['type'], now: Instant): Promise<StepRecord>
  /** Takes one attempt back that was none of the target's fault. */
  takeBackAttempt(guard: RunGuard, seq: number): Promise<void>
  /** Shows why a step waits for another attempt. */
  noteError(guard: RunGuard, seq: number, error: RecordedError): Promise<void>
  /** Shows what a step waits for; the attempts before, and what they met, count no more. */
  noteWait(guard: RunGuard, seq: number, note: string): Promise<void>
  /** The steps that show what they wait for, oldest run first. */
  waitingSteps(): Promise<WaitingStep[]>
  /**
   * As `endStep`, and records what becomes due by it in the same transaction: where the one is refused or lost, so is the
   * other. With the ids of the runs that are new.
   */
  endStepAndFollow(
    guard: RunGuard,
    end: StepEnd,
    follows: DueRecord[],
  ): Promise<{ isTold: boolean; runIds: string[] }>
  /** As `cancelRun`, and records what becomes due by it in the same transaction; nothing where the run had ended. */
  cancelRunAndFollow(
    runId: string,
    audit: Audit,
    follows: DueRecord[],
  ): Promise<{ state: RunState | undefined; runIds: string[] }>
  /** Moves the run on, counts its failures in a row, and makes alerts pending; true where there are new ones. */
  endStep(guard: RunGuard, end: StepEnd): Promise<boolean>

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
  repeats(runId: string): Promise<Repeats>
  slotFacts(job: JobId, at: Instant): Promise<SlotFacts>
  /** Files that a job took from that path, or with that content, newest first; at most 20. */
  takenFiles(job: JobId, by: { path: string } | { sha256: Sha256 }): Promise<TakenFile[]>
  /** The newest runs of each job, those of one moment (one a call center); dry runs aside. */
  latestRuns(): Promise<Run[]>
  /** Newest first. */
  runs(filter: { job?: JobId; client?: string; limit: number }): Promise<RunDetail[]>

  /**
   * Records what came back, matched to the mails that were sent. A recipient is flagged and told of once a mail, however
   * often that is reported.
   */
  recordBounces(given: GivenBounces, now: Instant): Promise<RecordedBounces>
  /** Newest first. */
  bounces(limit: number): Promise<BounceRecord[]>
  /** Recipients that are flagged, the one of the newest return first. */
  returnedRecipients(): Promise<ReturnedRecipient[]>
  /** Takes a flag away; false where there is none. */
  clearReturned(request: ClearRequest, now: Instant): Promise<boolean>
  /** Makes an alert mail known, before it is sent, so that its return is not told by another one. */
  recordAlertMail(messageId: string, connection: string, recipients: string[], now: Instant): Promise<void>
  /** Shows a sentence with a run that is worked on. */
  noteRun(guard: RunGuard, note: string): Promise<void>
  /** Makes a notice pending; one with that id is told only once. */
  raiseNotice(id: string, notice: NoticeFacts, now: Instant): Promise<void>
  /** Alerts that were not sent yet, oldest first. */
  pendingAlerts(): Promise<AlertRecord[]>
  markAlerts(ids: string[], state: 'sent', now: Instant): Promise<void>

  /**
   * For each of these jobs the moment after which those of its `expectBy` are still to be judged: the last one judged,
   * or when it came into force as it is.
   */
  expectationsSince(jobs: JobId[], now: Instant): Promise<Instant[]>
  /** What became due for a job after one moment, up to another. Dry runs aside. */
  dueWork(window: DueWindow): Promise<DueWork>
  /** Records a judged moment with its notices, and ends the job's earlier one; false where it was judged before. */
  recordExpectation(judged: JudgedExpectation): Promise<boolean>
  /** Ends an open one, with its notices; false where it is not open any more. */
  endExpectation(ended: EndedExpectation): Promise<boolean>
  /** Late and missing moments that nothing came of yet, oldest first. */
  openExpectations(): Promise<OpenExpectation[]>
  /** What a client's pages are made of, or those of one of its jobs; outcomes since that moment. */
  catalogFacts(client: string, since: Instant, job?: JobId): Promise<CatalogFacts>
  /** Deliveries that the target does not have, or of which nobody can tell, newest first; dry runs aside. */
  troubledDeliveries(since: Instant, limit: number): Promise<TroubledDelivery[]>
  /** Deliveries of runs that ended in the window which may have left a temporary file, in the order of those ends. */
  leftDeliveries(window: EndedWindow): Promise<LeftDelivery[]>

  /** Makes one durable write that says nothing. Throws STORAGE_FAILED while none can be made. */
  probe(now: Instant): Promise<void>
  /** Deletes what is older than the limits say, in one small transaction; `more` where it had enough before the end. */
  prune(limits: PruneLimits): Promise<Pruned>
  /** Those of the artifacts that a run names which has not ended, or ended at that moment or later. */
  keptArtifacts(sha256s: Sha256[], endedSince: Instant): Promise<Sha256[]>
  close(): Promise<void>
}
