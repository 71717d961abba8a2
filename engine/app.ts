/** Composition root: the only file that sees every folder. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { createArtifactFolder } from './adapters/artifact-folder.ts'
import { type DataFolder, dataFolderOf, lockDataFolder } from './adapters/data-folder.ts'
import { createEndpoints } from './adapters/endpoints.ts'
import { createFolderSource, createPlatformSource } from './adapters/folder-source.ts'
import { openSqliteLedger } from './adapters/ledger/sqlite.ts'
import { createLocalQueue } from './adapters/local-queue.ts'
import { createSecrets } from './adapters/secrets.ts'
import { systemClock } from './adapters/system-clock.ts'
import { connectControl } from './cli/control-client.ts'
import { connectEngine, connectLedger } from './cli/local-client.ts'
import type { CliParts, EngineClient, StartOptions } from './cli/parts.ts'
import { runCommandLine } from './cli/program.ts'
import type { Log, Secrets } from './core/contracts/services.ts'
import { JobsdError } from './core/errors.ts'
import type { EventData } from './core/model.ts'
import { renderMail } from './reports/template.ts'
import { createEngine, type Engine } from './runtime/engine.ts'
import { listenForControl } from './server/control.ts'
import { readCloudEvent } from './server/event-body.ts'
import type { EventKey } from './server/events.ts'
import { createHttpServer } from './server/http.ts'
import { stepTypes } from './steps/index.ts'
import { triggerTypes } from './triggers/index.ts'

const packageRoot = join(import.meta.dirname, '..')
const standard = createFolderSource(packageRoot, ['templates'])

/** Runs one command line and returns its exit code. */
export function main(args: string[]): Promise<number> {
  const log = createLog(process.env.JOBSD_LOG_LEVEL ?? 'info')
  const secrets = createSecrets(process.env)
  const parts: CliParts = {
    print: (text) => process.stdout.write(`${text}\n`),
    warn: (text) => process.stderr.write(`${text}\n`),
    env: process.env,
    isTty: process.stdout.isTTY === true,
    now: () => systemClock.now(),
    sleep: (ms) => setTimeout(ms),
    source: createFolderSource,
    platform: createPlatformSource,
    standard,
    start: (options) => start(options, log, secrets),
    connect: (options) => connect(options, secrets),
    openLedger: (data) => openLedger(dataFolderOf(data)),
  }
  return runCommandLine(args, packageJson.version, parts)
}

/** Logs go to stderr, one JSON object a line, written at once so that none is lost at the end. */
function createLog(level: string): Log {
  return pino({ level, base: { name: 'jobsd' } }, pino.destination({ dest: 2, sync: true }))
}

interface Assembled {
  engine: Engine
  close(): Promise<void>
}

/** Locks the data folder and puts an engine together on it. Throws ENGINE_RUNNING. */
async function assemble(
  options: { dir: string; platform: string | undefined; data: string },
  log: Log,
  secrets: Secrets,
): Promise<Assembled> {
  const lock = lockDataFolder(options.data)
  const folder = dataFolderOf(options.data)
  const ledger = openSqliteLedger(folder.ledger)
  const endpoints = createEndpoints({ secrets, clock: systemClock })
  const engine = createEngine({
    source: createFolderSource(options.dir),
    platform: options.platform === undefined ? undefined : createPlatformSource(options.platform),
    standard,
    ledger,
    queue: createLocalQueue(systemClock),
    endpoints,
    artifacts: await createArtifactFolder(folder.artifacts),
    steps: stepTypes,
    triggers: triggerTypes,
    renderMail,
    clock: systemClock,
    log,
    createId: randomUUID,
  })
  return {
    engine,
    async close() {
      await engine.stop()
      await endpoints.close()
      await ledger.close()
      lock.release()
    },
  }
}

async function start(options: StartOptions, log: Log, secrets: Secrets): Promise<void> {
  const { host, port } = readListen(options.listen)
  const { engine, close } = await assemble(options, log, secrets)
  const stopped = waitForSignals(engine, log)
  await engine.start({ triggers: true })
  const http = createHttpServer({
    engine,
    clock: systemClock,
    log,
    keys: (only) => findEventKeys(engine, secrets, log, only),
    operatorsToken: await secrets.resolve('operators-token').catch(ignoreMissing),
  })
  const control = await listenForControl(dataFolderOf(options.data).socket, engine, (type, client, data) =>
    acceptByHand(engine, type, client, data),
  )
  const address = await http.listen({ host, port })
  log.info({ address, data: options.data }, 'ready')
  const signal = await stopped
  log.info({ signal }, 'stopping: running steps get 30 s')
  await http.close()
  await control.close()
  await close()
  log.info({}, 'stopped')
}

/** An event that an operator posts needs no signature, but is held to the same shape. */
function acceptByHand(engine: Engine, type: string, client: string, data: EventData) {
  if (!engine.snapshots().some(({ policy }) => policy.name === client)) {
    throw new JobsdError('BAD_REQUEST', { reason: `there is no client ${client} with a job in force` })
  }
  const id = randomUUID()
  const source = 'by-hand'
  const event = readCloudEvent(Buffer.from(JSON.stringify({ specversion: '1.0', id, source, type, data })))
  if (typeof event === 'string') throw new JobsdError('BAD_REQUEST', { reason: event })
  return engine.acceptEvent({ ...event, client, bodySha256: '', receivedAt: systemClock.now().toISOString() })
}

/** Resolves with the first signal that ends the engine; SIGHUP reloads. */
function waitForSignals(engine: Engine, log: Log): Promise<string> {
  process.on('SIGHUP', () => {
    log.info({}, 'reloading')
    engine.reload()
  })
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}

/** The keys of all clients with a job in force, or the one that the sender named. */
async function findEventKeys(
  engine: Engine,
  secrets: Secrets,
  log: Log,
  only: string | undefined,
): Promise<EventKey[]> {
  const policies = new Map(engine.snapshots().map(({ policy }) => [policy.name, policy]))
  const keys: EventKey[] = []
  for (const policy of policies.values()) {
    for (const { name, key } of policy.eventKeys ?? []) {
      if (only !== undefined && only !== `${policy.name}/${name}`) continue
      try {
        keys.push({ client: policy.name, name, secret: await secrets.resolve(key.secret) })
      } catch (error) {
        log.error(
          { client: policy.name, key: name, reason: (error as Error).message },
          'an event key cannot be used',
        )
      }
    }
  }
  return keys
}

/** The running engine through its socket; without one, a short-lived engine for what acts, the ledger alone for what reads. */
async function connect(
  { data, dir, platform, acts }: { data: string; dir: string; platform: string | undefined; acts: boolean },
  secrets: Secrets,
): Promise<EngineClient> {
  const folder = dataFolderOf(data)
  const running = await connectControl(folder.socket)
  if (running) return running
  if (acts) {
    const { engine, close } = await assemble({ dir, platform, data }, createLog('error'), secrets)
    await engine.start({ triggers: false })
    return connectEngine(engine, close)
  }
  const ledger = openLedger(folder)
  if (!ledger) throw new JobsdError('ENGINE_NOT_RUNNING', { folder: data })
  return connectLedger(ledger, systemClock, data)
}

function openLedger(folder: DataFolder) {
  return existsSync(folder.ledger) ? openSqliteLedger(folder.ledger, { readOnly: true }) : undefined
}

function readListen(listen: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:]+)):(\d{1,5})$/i.exec(listen)
  if (!match || Number(match[3]) > 65535)
    throw new JobsdError('BAD_REQUEST', {
      reason: `--listen ${listen} is not HOST:PORT, such as 127.0.0.1:8080`,
    })
  return { host: (match[1] ?? match[2]) as string, port: Number(match[3]) }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof JobsdError && error.code === 'SECRET_MISSING') return undefined
  throw error
}
