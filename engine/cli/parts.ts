/** What commands are given: everything outside that they touch. */
import type { Command } from 'commander'
import type { ConfigSource, SourceTree } from '../core/contracts/config-source.ts'
import type { MailMessage } from '../core/contracts/endpoints.ts'
import type { Ledger } from '../core/contracts/ledger.ts'
import type { DatasetConnection, SmtpConnection } from '../core/manifest.ts'
import type { EventData, RunDetail } from '../core/model.ts'
import type { RehearsalParts } from '../runtime/rehearsal.ts'
import type { RunRequest } from '../runtime/requests.ts'
import type { Status } from '../runtime/status.ts'

/** A running engine, or its data folder, as commands see it. */
export interface EngineClient {
  status(): Promise<Status>
  runs(filter: { job?: string; limit: number }): Promise<RunDetail[]>
  runDetail(id: string): Promise<RunDetail>
  run(request: RunRequest): Promise<string[]>
  emit(type: string, client: string, data: EventData): Promise<string[]>
  close(): Promise<void>
}

export interface StartOptions {
  dir: string
  platform: string | undefined
  data: string
  listen: string
}

export interface ConnectOptions {
  data: string
  dir: string
  platform: string | undefined
  /** Where none runs, `read` reads the ledger, `run` has a short-lived engine make one run, `engine` gives up. */
  needs: 'read' | 'run' | 'engine'
}

export interface CliParts {
  /** Writes to standard output; a line end is added. */
  print(text: string): void
  /** Writes to standard error. */
  warn(text: string): void
  env: NodeJS.ProcessEnv
  isTty: boolean
  /** Asks a person; absent where nobody sits at a terminal. */
  ask?(question: string): Promise<string>
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
  rehearsal: RehearsalParts
  /** Whether a tenant has any row in the tables that the queries name; true where they cannot be read. */
  hasRows(
    dataset: DatasetConnection,
    tenant: { client: string; callCenters: string[] | null },
    queries: string[],
    signal: AbortSignal,
  ): Promise<boolean>
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
  const engine = await parts.connect({ data: folder, dir: '.', platform: undefined, needs: 'read' })
  try {
    return await use(engine)
  } finally {
    await engine.close()
  }
}
