/** Composition root: the only file that sees every folder. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { createArtifactFolder } from './adapters/artifact-folder.ts'
import {
  checkSocketFolder,
  type DataFolder,
  dataFolderOf,
  lockDataFolder,
  makeSocketFolder,
} from './adapters/data-folder.ts'
import { createFolderSource } from './adapters/folder-source.ts'
import { readGitTree } from './adapters/git-tree.ts'
import { createLocalQueue } from './adapters/local-queue.ts'
import { createPostgresTables } from './adapters/postgres-tables.ts'
import { createSecrets } from './adapters/secrets.ts'
import { systemClock } from './adapters/system-clock.ts'
import { askOnTerminal } from './cli/ask.ts'
import { connectControl } from './cli/control-client.ts'
import { connectEngine, connectLedger } from './cli/local-client.ts'
import type { CliParts, ConnectOptions, EngineClient, EngineSources, StartOptions } from './cli/parts.ts'
import { runCommandLine } from './cli/program.ts'
import type { DatabaseTables } from './core/contracts/database-tables.ts'
import type { MailMessage } from './core/contracts/endpoints.ts'
import type { Log, Secrets } from './core/contracts/services.ts'
import type { StepType } from './core/contracts/step.ts'
import { isWanted, whyUnwanted } from './core/drop-names.ts'
import { JobsdError } from './core/errors.ts'
import type { PostgresDatasetConnection, SmtpConnection } from './core/manifest.ts'
import { createCheckup } from './doctor.ts'
import { createLive, type Live } from './live.ts'
import { loadStepCodes } from './load-step-codes.ts'
import { hasRows } from './reports/has-rows.ts'
import { writeMadeUpReport } from './reports/made-up-report.ts'
import { type Rendered, type ReportRequest, runReport } from './reports/run-report.ts'
import { renderMail } from './reports/template.ts'
import { createEngine, type Engine } from './runtime/engine.ts'
import { type Changed, noteChanges } from './runtime/note-changes.ts'
import type { ReportSource } from './runtime/rehearsal/given-steps.ts'
import type { RehearsalParts } from './runtime/rehearsal.ts'
import { createPlatformFolder, createSources, systemUser } from './sources.ts'
import { createFanOut } from './steps/fan-out.ts'
import { createStepTypes, rehearsedStepTypes } from './steps/index.ts'
import { createReportStep } from './steps/report.ts'
import { triggerTypes } from './triggers/index.ts'

const packageRoot = join(import.meta.dirname, '..')
const standard = createFolderSource(packageRoot, ['templates'])

// What talks to the outside is loaded when it is needed: its libraries take longer to load than `validate` takes for
// a small folder.
const loadLedger = () => import('./adapters/ledger/sqlite.ts')

/** Everything real but the outside: rows may be made up, mails are only built. */
export const rehearsal: RehearsalParts = {
  openLedger: async () => (await loadLedger()).openSqliteLedger(':memory:'),
  createArtifacts: createArtifactFolder,
  steps: rehearsedStepTypes,
  triggers: triggerTypes,
  isWanted,
  clock: systemClock,
  reportStep: (source) =>
    createReportStep((request, signal) => {
      if (source.kind === 'made-up') return writeMadeUpReport(request, source.rows)
      return runOnSource(request, source, signal)
    }) as StepType,
  fanOut: (source) => createFanOut((request, signal) => runOnSource(request, source, signal)),
  async buildMail(connection, message) {
    const { buildMessage, mailRecipients } = await import('./adapters/smtp-message.ts')
    mailRecipients(connection, message)
    return await buildMessage(connection, message)
  },
}

/** Runs a rehearsal's query on the tables that it was given, or on the client's own rows, a database's too. */
function runOnSource(
  request: ReportRequest,
  source: Exclude<ReportSource, { kind: 'made-up' }>,
  signal: AbortSignal,
): Promise<Rendered> {
  const { apiVersion, kind, name, type } = request.dataset
  if (source.kind === 'tables')
    return runReport({ ...request, dataset: { apiVersion, kind, name, type, ...source.dataset } }, signal)
  return runReport({ ...request, database: openTables }, signal)
}

function openTables(dataset: PostgresDatasetConnection): DatabaseTables {
  return createPostgresTables(dataset, { secrets: createSecrets(process.env) })
}

/** Runs one command line and returns its exit code. */
export async function main(args: string[]): Promise<number> {
  const log = createLog(process.env.JOBSD_LOG_LEVEL ?? 'info')
  const secrets = createSecrets(process.env)
  const parts: CliParts = {
    print: (text) => process.stdout.write(`${text}\n`),
    warn: (text) => process.stderr.write(`${text}\n`),
    env: process.env,
    isTty: process.stdout.isTTY === true,
    ...(process.stdin.isTTY && process.stdout.isTTY && { ask: askOnTerminal }),
    now: () => systemClock.now(),
    sleep: (ms) => setTimeout(ms),
    source: createFolderSource,
    platform: createPlatformFolder,
    user: systemUser,
    standard,
    gitTree: readGitTree,
    start: (options) => start(options, log, secrets),
    connect: (options) => connect(options, secrets),
    openLedger: (data) => openLedger(dataFolderOf(data)),
    backup: async (data, out) => {
      const folder = dataFolderOf(data)
      if (!existsSync(folder.ledger)) throw new JobsdError('ENGINE_NOT_RUNNING', { folder: data })
      return (await import('./adapters/backup.ts')).makeBackup(folder, out, systemClock.now())
    },
    restore: async (from, data, unsafeFs) =>
      (await import('./adapters/restore.ts')).restoreBackup(from, dataFolderOf(data), { unsafeFs }),
    rehearsal,
    whyUnwanted,
    hasRows: (...asked) => hasRows(openTables, ...asked),
    checkup: createCheckup({ secrets, clock: systemClock }),
    interrupted: abortOnSignal,
    sendMail: (connection, message, signal) => sendMail(connection, message, secrets, signal),
  }
  // A reader that had enough, such as `head`, is no error.
  process.stdout.on('error', ignoreClosedPipe)
  const exitCode = await runCommandLine(args, packageJson.version, parts)
  // Written to a pipe, a long output is still on its way: ending the process now would cut it off.
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise((resolve) => stream.write('', resolve))
  }
  return exitCode
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

/** Logs go to stderr, one JSON object a line, written at once so that none is lost at the end. */
function createLog(level: string): Log {
  return pino({ level, base: { name: 'jobsd' } }, pino.destination({ dest: 2, sync: true }))
}

interface Assembled {
  engine: Engine
  /** Calls back after each write that changes what pages show. */
  listen(listener: (changed: Changed) => void): void
  /** For an engine that has stopped, or never started. */
  close(): Promise<void>
}

/** Locks the data folder and puts an engine together on it. Throws ENGINE_RUNNING. */
async function assemble(
  options: { sources: EngineSources; data: string; unsafeFs?: boolean; steps?: string[] },
  log: Log,
  secrets: Secrets,
): Promise<Assembled> {
  const codes = await loadStepCodes(options.steps ?? [])
  const { createEndpoints } = await import('./adapters/endpoints.ts')
  const { openSqliteLedger } = await loadLedger()
  const folder = dataFolderOf(options.data)
  const { source, platform } = await createSources(options.sources, folder, secrets)
  const lock = lockDataFolder(options.data, { unsafeFs: options.unsafeFs ?? false })
  const ledger = openSqliteLedger(folder.ledger)
  let listener: ((changed: Changed) => void) | undefined
  const endpoints = createEndpoints({ secrets, clock: systemClock, log })
  const engine = createEngine({
    source,
    platform,
    standard,
    ledger: noteChanges(ledger, (changed) => listener?.(changed)),
    queue: createLocalQueue(systemClock),
    endpoints,
    artifacts: await createArtifactFolder(folder.artifacts),
    steps: createStepTypes(codes),
    stepCodes: new Set(codes.map(({ name }) => name)),
    fanOut: createFanOut(runReport),
    triggers: triggerTypes,
    renderMail,
    readReturnedMail: async (bytes) => (await import('./adapters/returned-mail.ts')).readReturnedMail(bytes),
    clock: systemClock,
    log,
    createId: randomUUID,
  })
  return {
    engine,
    listen: (given) => {
      listener = given
    },
    async close() {
      await endpoints.close()
      await ledger.close()
      lock.release()
    },
  }
}

async function start(options: StartOptions, log: Log, secrets: Secrets): Promise<void> {
  const { serve } = await import('./server/serve.ts')
  const { engine, listen: onChange, close } = await assemble(options, log, secrets)
  const folder = dataFolderOf(options.data)
  let live: Live | undefined
  try {
    makeSocketFolder(folder)
    const stopped = waitForSignals(engine, log)
    const { listen } = options
    live = await createLive(folder, engine, systemClock, log)
    onChange(live.note)
    await serve({ engine, clock: systemClock, log, secrets, socket: folder.socket, listen, stopped, live })
  } finally {
    await live?.close()
    await close()
  }
  log.info({}, 'stopped')
}

/** Resolves with the first signal that ends the engine; SIGHUP reloads. */
function waitForSignals(engine: Engine, log: Log): Promise<string> {
  process.on('SIGHUP', () => {
    log.info({}, 'reloading')
    engine.reload()
  })
  return new Promise((resolve) => {
    // A second one is harmless: Ctrl-C reaches the process by the terminal, and again by the launcher and npm.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal))
  })
}

/** The running engine through its socket; without one, a short-lived engine for what acts, the ledger alone for what reads. */
async function connect(options: ConnectOptions, secrets: Secrets): Promise<EngineClient> {
  const { data, needs } = options
  const folder = dataFolderOf(data)
  checkSocketFolder(folder)
  const running = await connectControl(folder.socket)
  if (running) return running
  if (needs === 'engine') throw new JobsdError('ENGINE_NOT_RUNNING', { folder: data })
  // What nobody ever ran from cannot be held: that folder is a mistake.
  if (needs === 'hold' && !existsSync(folder.ledger))
    throw new JobsdError('ENGINE_NOT_RUNNING', { folder: data })
  if (needs === 'run' || needs === 'hold') {
    const { engine, close } = await assemble(options, createLog('error'), secrets)
    await engine.start({ triggers: false })
    return connectEngine(engine, async () => {
      await engine.stop()
      await close()
    })
  }
  const ledger = await openLedger(folder)
  if (!ledger) throw new JobsdError('ENGINE_NOT_RUNNING', { folder: data })
  return connectLedger(ledger, systemClock, data)
}

async function sendMail(
  connection: SmtpConnection,
  message: MailMessage,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<void> {
  const { createSmtpMailer } = await import('./adapters/smtp-mailer.ts')
  const mailer = createSmtpMailer(connection, { secrets })
  try {
    await mailer.send(message, async () => undefined, signal)
  } finally {
    await mailer.close()
  }
}

function abortOnSignal(): AbortSignal {
  const interrupted = new AbortController()
  const abort = () => interrupted.abort(new JobsdError('BAD_REQUEST', { reason: 'interrupted' }))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, abort)
  return interrupted.signal
}

async function openLedger(folder: DataFolder) {
  if (!existsSync(folder.ledger)) return undefined
  return (await loadLedger()).openSqliteLedger(folder.ledger, { readOnly: true })
}
