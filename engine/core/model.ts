/** The words of the design as types: what is compiled, due, run and delivered. Everything here is plain JSON. */

import type { ReturnedFrom } from './contracts/bounces.ts'
import type {
  Calendar,
  Client,
  ClientPolicy,
  Connection,
  Job,
  Report,
  Schedule,
  StepType,
} from './manifest.ts'
import type { ReportOverview } from './report-overview.ts'

/** `<client>/<name>` */
export type JobId = `${string}/${string}`
/** An RFC 3339 instant in UTC with milliseconds, `2026-11-22T18:30:00.000Z`: sorts as text. */
export type Instant = string
/** Lower-case hex. */
export type Sha256 = string

/** A place in a manifest and what is wrong there. Lines and columns count from 1; the end is exclusive. */
export interface Problem {
  /** Relative to the config repository's root, `/`-separated. */
  file: string
  line: number
  column: number
  endLine: number
  endColumn: number
  /** The rule's name, kebab-case; docs/reference/rules.md has an entry for each. */
  rule: string
  severity: 'error' | 'warning'
  /** What is there and what is allowed, one sentence. */
  message: string
}

/** The five fields of a cron expression as sorted lists of numbers; Sunday is 0. */
export interface CronFields {
  minutes: number[]
  hours: number[]
  daysOfMonth: number[]
  months: number[]
  daysOfWeek: number[]
  /** Days of the month by their distance from its last one, which is 0; absent where there are none. */
  lastDays?: number[]
  /** Weekdays by their place in the month: 1 to 5, or -1 for the last; absent where there are none. */
  nthDays?: { weekday: number; nth: number }[]
  /** Both day fields are restricted, so either may match. */
  eitherDay: boolean
  /** The minute or hour field begins with `*`: follows real time through a clock change. */
  wildcard: boolean
}

/** A schedule with its defaults filled and its cron text parsed. Durations and instants in milliseconds. */
export interface CompiledSchedule
  extends Required<Pick<Schedule, 'name' | 'timezone' | 'onHoliday' | 'catchUp'>> {
  /** Where the manifest has `every`: the cron expression that it stands for. */
  cron: string
  /** As the manifest has it; absent where it has `cron`. */
  every?: string
  fields: CronFields
  calendar: Calendar | null
  catchUpWindowMs: number
  /** No slot before this instant. */
  fromMs?: number
  /** No slot at or after this instant. */
  untilMs?: number
  /** Absent: a slot in a blackout is skipped. */
  onBlackout?: 'after'
  /** The longest that a start may be put off by, to keep heavy minutes flat. */
  spreadMs?: number
  /** The part of it that falls to this schedule of this job. */
  delayMs?: number
}

/** A report's definition and its query, as the job will use them. */
export interface ReportDefinition extends Report {
  sql: string
  /** The query of the Total row; absent where the report has none. */
  totalsSql?: string
  /** The query of its chart in mails; absent where it has none. */
  chartSql?: string
}

/** A mail's template: Handlebars texts. */
export interface MailTemplate {
  name: string
  subject: string
  html: string
  text: string
}

/** A compiled job: all that a run needs and nothing secret. Its digest is its identity. */
export interface Snapshot {
  /** sha256 of the canonical JSON of everything else here. */
  digest: Sha256
  job: JobId
  /** With defaults filled: every step has `onSuccess` and `onFailure`, `enabled` and `callCenters` are set. */
  manifest: CompiledJob
  client: Client
  policy: ClientPolicy
  /** The connections that the job and its policy's dataset name, by name. */
  connections: Record<string, Connection>
  /** Empty unless the trigger is `scheduled`. */
  schedules: CompiledSchedule[]
  /** The moments by which the job must have done its work; null where nothing is expected. */
  expectBy: CompiledSchedule | null
  /** By `<category>/<name>`. */
  reports: Record<string, ReportDefinition>
  /** By name. */
  templates: Record<string, MailTemplate>
  /** By name; absent unless a step is of type `custom`. */
  stepTypes?: Record<string, StepType>
}

type Steps = Job['steps'][number]
/** Where a run of a job with `fanOut` begins: no step of the manifest, but walked and recorded as one. */
export interface FanOutStep {
  /** No name of a step: those are kebab-case. */
  name: 'fanOut'
  type: 'fan-out'
  onSuccess: 'end'
  onFailure: 'fail'
  timeout?: undefined
  retry?: undefined
}
/** What a run may stand at. */
export type RunStep = Step | FanOutStep
/** A step with its graph edges filled. */
export type Step = Steps & { onSuccess: string; onFailure: string }
export type StepOf<T extends Step['type']> = Extract<Step, { type: T }>
export type Trigger = Job['trigger']
export type TriggerOf<T extends Trigger['type']> = Extract<Trigger, { type: T }>
export interface CompiledJob extends Omit<Job, 'steps'> {
  enabled: boolean
  callCenters: string[]
  steps: Step[]
}

/** The time that data covers: start inclusive, end exclusive, both in UTC; the labels are local to `timezone`. */
export interface Period {
  start: Instant
  end: Instant
  timezone: string
}

/** A produced file, by content. */
export interface Artifact {
  sha256: Sha256
  /** Bytes. */
  size: number
}

/** Where a file was posted, or found by a step that waited for it. */
export interface Origin {
  connection: string
  path: string
  /** Of one that was found: its time then. */
  mtimeMs?: number
  /** Where it was moved to when it was claimed; absent where it lies at its path. */
  lies?: string
}

/** An artifact under the name that a step offered it by. */
export interface RunFile extends Artifact {
  /** The step that offers it, or `trigger`. */
  step: string
  fileName: string
  mediaType: string
  /** Rows of a report; null for any other file. */
  rows: number | null
  /** The data's period, for a report. */
  period: Period | null
  /** Where a dropped or awaited file lies; see Origin. */
  origin: Origin | null
  /** What a mail shows of it; absent unless it is a report that a mail of the job attaches. */
  overview?: ReportOverview
}

/** A dropped file whose bytes are safe in the artifact store. */
export type DroppedFile = Omit<RunFile, 'step'> & { origin: Origin }

/** What made a run due. `key` is unique within the job and type. */
export interface TriggerRecord {
  type: Trigger['type']
  key: string
}

/** A typed value: a date is `2026-11-22`, an instant an Instant. See core/parameters.ts. */
export type ParameterValue = string | number | boolean
/** What a run was given, by name. */
export type RunParameters = Record<string, ParameterValue>

/** The fields of an event. */
export interface EventData {
  [field: string]: string | number | boolean | EventData
}

export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'skipped' | 'cancelled'

/** One execution of a job. */
export interface Run {
  /** 23 hex digits, derived from slot, job, trigger and call center: the same due thing has the same id. */
  id: string
  job: JobId
  client: string
  /** null: the run covers the whole client. */
  callCenter: string | null
  state: RunState
  trigger: TriggerRecord
  /** The due moment; for events and files the moment they were recorded. */
  slot: Instant
  schedule: string | null
  event: EventData | null
  /** What its trigger's parameters came to, and those of its row; absent where there are none. */
  parameters?: RunParameters
  /** Of a job with `fanOut`: the row that it is for; absent where it is the run that asks for the rows. */
  row?: RunRow
  snapshot: Sha256
  revision: string
  /** The step that is next or running; null once the run has ended. */
  position: string | null
  /** Raised by each claim: who holds a lower one may not write. */
  token: number
  /** Days off that its slot covers besides its own, taken over with it; absent where the job's schedules tell. */
  skippedDays?: number
  /** Nothing is delivered. */
  dryRun: boolean
  /** The run that this one repeats; null for what became due by itself. */
  origin: RunOrigin | null
  /** Why it ended other than by its steps, or recipients whose mails came back before. Absent where neither is so. */
  note?: string
  createdAt: Instant
  startedAt: Instant | null
  endedAt: Instant | null
}

/** A row of a fan-out, as the run for it knows it. */
export interface RunRow {
  /** The run that asked for the rows. */
  parent: string
  /** The value of its key, as text: unique among the rows of one run. */
  key: string
  /** Why the run fails before its first step: values that do not fit. Absent where they do. */
  fault?: string
}

/** What a run by hand repeats. Its files are there under the names of the steps that offered them. */
export interface RunOrigin {
  /** resend: the stored bytes once more, only the steps that deliver. rerun: the steps from one on, made anew. */
  kind: 'resend' | 'rerun'
  runId: string
  /**
   * Of a resend: these steps, one after the other, whatever the graph says. Of a rerun from a step on: those before it,
   * whose outcomes and files it takes over.
   */
  steps: string[]
  /** Of a resend: only these targets; null is all. See Delivery.target. */
  targets: string[] | null
}

export type StepOutcome = 'running' | 'succeeded' | 'not-ok' | 'failed' | 'skipped'

/** One step as it happened in a run. */
export interface StepRecord {
  runId: string
  /** 1, 2, 3 ... in the order of the walk. */
  seq: number
  name: string
  type: RunStep['type']
  outcome: StepOutcome
  attempts: number
  note: string
  error: RecordedError | null
  /** The step, `end` or `fail` that came next. */
  next: string | null
  startedAt: Instant
  endedAt: Instant | null
}

/** An error as it is kept and shown: no stack, no secret, nothing of a library's object. */
export interface RecordedError {
  code: string
  message: string
  /** What a person can do about it. */
  hint?: string
}

/**
 * intended: recorded, nothing sent · sending: the target may have it · confirmed: the target has it ·
 * in-doubt: nobody can tell (mails and requests) · failed: the target does not have it.
 */
export type DeliveryState = 'intended' | 'sending' | 'confirmed' | 'in-doubt' | 'failed'

/** One artifact to one target. */
export interface Delivery {
  id: string
  runId: string
  step: string
  /**
   * `sftp:<connection>:<path>`, `folder:...`, `s3:<connection>:<key>`, `mail:<connection>:<recipients>` or
   * `http:<connection>:<method> <path>`, with `#<file>` where a file is sent.
   */
  target: string
  /** null for a mail without attachment. */
  artifact: (Artifact & { fileName: string }) | null
  state: DeliveryState
  /** What the target answered, or why it failed. */
  note: string
  at: Instant
  /** Of a mail: recipients whose server refused it later; absent where none did. */
  returned?: ReturnedFrom[]
}

/** A run with its steps and deliveries. */
export interface RunDetail extends Run {
  steps: (StepRecord & { deliveries: Delivery[] })[]
  files: RunFile[]
  /** Of a run that made one for each row: those runs, in no order; repeats by hand aside. */
  rowRuns?: string[]
}

export type SyncState = 'Synced' | 'OutOfSync' | 'Invalid'
export type Health = 'Healthy' | 'Suspended' | 'Degraded' | 'Progressing'
/** Why a job is not simply Synced and Healthy. A closed set. */
export type Reason =
  | 'Applied'
  | 'Disabled'
  | 'SuspendedByHand'
  | 'PinnedByHand'
  | 'RemovalHeld'
  | 'InvalidManifest'
  | 'NeverValid'
  | 'LastRunFailed'
  | 'StepCodeMissing'
  | 'DeliveryInDoubt'
  | 'RunInProgress'

/** A job as the ledger knows it. */
export interface JobRecord {
  job: JobId
  client: string
  /** The snapshot that runs; null where no version ever compiled. */
  snapshot: Sha256 | null
  appliedRevision: string | null
  attemptedRevision: string
  sync: SyncState
  /** The first problem of the attempted revision, `file:line:column: message`; empty when it compiled. */
  message: string
  /** Slots before this moment are never due. */
  firstAppliedAt: Instant | null
  removedAt: Instant | null
}
