/** What commands are given: everything outside that they touch. */
import type { Command } from 'commander'
import type { BackupReport, RestoreReport } from '../core/contracts/backup.ts'
import type { ClearRequest } from '../core/contracts/bounces.ts'
import type { Checkup } from '../core/contracts/checkup.ts'
import type { ConfigSource, SourceTree } from '../core/contracts/config-source.ts'
import type { MailMessage } from '../core/contracts/endpoints.ts'
import type { Ledger, Repeats } from '../core/contracts/ledger.ts'
import type { DatasetConnection, SmtpConnection } from '../core/manifest.ts'
import type { RunDetail } from '../core/model.ts'
import type { BounceList } from '../runtime/bounces.ts'
import type { ExplainParts } from '../runtime/explain.ts'
import type { HoldRequest, Holds } from '../runtime/holds.ts'
import type { LiveLook } from '../runtime/look-at-file.ts'
import type { Provenance } from '../runtime/provenance.ts'
import type { RehearsalParts } from '../runtime/rehearsal.ts'
import type { RepeatRequest, RerunRequest, ResendRequest } from '../runtime/repeat-requests.ts'
import type { EmitAnswer, EmitRequest, RunRequest } from '../runtime/requests.ts'
import type { Status } from '../runtime/status.ts'

export type HoldAction = keyof Holds

/** A running engine, or its data folder, as commands see it. */
export interface EngineClient {
  /** Whether a running engine answers; otherwise what is done counts from the next start on. */
  readonly isRunning: boolean
  status(): Promise<Status>
  runs(filter: { job?: string; limit: number }): Promise<RunDetail[]>
  runDetail(id: string): Promise<RunDetail>
  /** Throws RUN_UNKNOWN. */
  provenance(id: string): Promise<Provenance>
  run(request: RunRequest): Promise<string[]>
  repeats(runId: string): Promise<Repeats>
  /** Returns the id of the run that sends another one's bytes once more. Throws RUN_UNKNOWN, BAD_REQUEST, ARTIFACT_DAMAGED. */
  resend(request: ResendRequest): Promise<string>
  /** Returns the id of the run that makes another one anew. Throws RUN_UNKNOWN, JOB_UNKNOWN, JOB_INVALID, BAD_REQUEST. */
  rerun(request: RerunRequest): Promise<string>
  /** Throws RUN_UNKNOWN, BAD_REQUEST. */
  cancel(request: RepeatRequest): Promise<void>
  /** Recipients whose mails came back, and the last mails that did. */
  bounces(): Promise<BounceList>
  /** Takes a recipient's flag away. Throws BAD_REQUEST where it has none. */
  clearBounces(request: ClearRequest): Promise<void>
  /** Throws JOB_UNKNOWN, BAD_REQUEST; `revision` only of a pin. */
  hold(action: HoldAction, request: HoldRequest): Promise<{ revision?: string }>
  /** Posts an event. Throws BAD_REQUEST for what is none. */
  emit(request: EmitRequest): Promise<EmitAnswer>
  /** What lies at a path of a job's drop folders now; only where an engine runs. Throws JOB_UNKNOWN. */
  lookAtFile?(job: string, path: string): Promise<LiveLook>
  close(): Promise<void>
}

/** A folder, or a branch of a Git remote. */
export type SourceAddress = { folder: string } | { url: string; branch: string; path: string }

/** Where an engine takes its config from. */
export interface EngineSources {
  source: SourceAddress
  /** The operators' documents, where they have a source of their own. */
  platform: SourceAddress | undefined
  /** How often a Git remote is asked; undefined: every 30 s. */
  pollMs: number | undefined
}

export interface StartOptions {
  sources: EngineSources
  data: string
  listen: string
  /** Takes a data folder on a network file system all the same. */
  unsafeFs?: boolean
  /** Modules with the code of step types of operators' own: paths, or names of packages. */
  steps?: string[]
}

/**
 * What a command needs where no engine runs: `read` reads the ledger, `run` has a short-lived engine make one run,
 * `hold` has it record something for the next start, `engine` gives up.
 */
export type ConnectOptions = { data: string } & (
  | { needs: 'read' | 'engine' }
  | { needs: 'run' | 'hold'; sources: EngineSources; steps?: string[] }
)

export interface CliParts {
  /** Writes to standard output; a line end is added. */
  print(text: string): void
  /** Writes to standard error. */
  warn(text: string): void
  env: NodeJS.ProcessEnv
  isTty: boolean
  /** Asks a person; absent where nobody sits at a terminal. */
  ask?(question: string): Promise<string>
  /** Who the operating system says runs this. */
  user(): string
  now(): Date
  sleep(ms: number): Promise<void>
  source(dir: string): ConfigSource
  platform(dir: string): ConfigSource
  standard: ConfigSource
  /** The folder's jobs.d and templates as they were at a Git revision. */
  gitTree(dir: string, revision: string, signal: AbortSignal): Promise<SourceTree>
  /** Starts the engine and resolves when it has ended by a signal. */
  start(options: StartOptions): Promise<void>
  /** Reaches the engine of a data folder, or does without one as `needs` says. Throws ENGINE_NOT_RUNNING. */
  connect(options: ConnectOptions): Promise<EngineClient>
  /** The ledger of a data folder for reading; undefined where there is none. */
  openLedger(data: string): Promise<Ledger | undefined>
  /** Copies a data folder into another one. Throws ENGINE_NOT_RUNNING where no engine ever ran on it, LEDGER_UNUSABLE. */
  backup(data: string, out: string): Promise<BackupReport>
  /** Brings a copy back. Throws BAD_REQUEST, ENGINE_RUNNING, BACKUP_DAMAGED, LEDGER_ON_NETWORK. */
  restore(from: string, data: string, unsafeFs: boolean): Promise<RestoreReport>
  rehearsal: RehearsalParts
  /** By which rule a drop folder leaves a file of that name alone; undefined where it takes it. */
  whyUnwanted: ExplainParts['whyUnwanted']
  /** Whether a tenant has any row in the tables that the queries name; true where they cannot be read. */
  hasRows(
    dataset: DatasetConnection,
    tenant: { client: string; callCenters: string[] | null },
    queries: string[],
    signal: AbortSignal,
  ): Promise<boolean>
  /** Tries one connection for real. */
  checkup: Checkup
  /** Sends one mail for real. */
  sendMail(connection: SmtpConnection, message: MailMessage, signal: AbortSignal): Promise<void>
  /** Aborts when the process is asked to end, so that temporary files can be removed. */
  interrupted(): AbortSignal
}

/** A command's work: returns the exit code. */
export type Action = () => Promise<number>

/** Adds one command to the program; `done` takes what its action returns. */
export type AddCommand = (program: Command, parts: CliParts, done: (code: number) => void) => void

/** `--data`, `JOBSD_DATA`, or `.jobsd` in the config repository. */
export function dataFolder(given: string | undefined, dir: string, env: NodeJS.ProcessEnv): string {
  return given ?? env.JOBSD_DATA ?? `${dir}/.jobsd`
}

/** Lets `use` ask the engine of `--data`, `JOBSD_DATA` or ./.jobsd what it knows; nothing is changed. */
export async function readEngine<T>(
  parts: CliParts,
  data: string | undefined,
  use: (engine: EngineClient) => Promise<T>,
): Promise<T> {
  const folder = dataFolder(data, '.', parts.env)
  const engine = await parts.connect({ data: folder, needs: 'read' })
  try {
    return await use(engine)
  } finally {
    await engine.close()
  }
}
