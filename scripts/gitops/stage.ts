/** A real engine in this process on a Git repository: only time, steps and mail are played. */
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigSource, SourceTree } from '../../engine/core/contracts/config-source.ts'
import type { Ledger } from '../../engine/core/contracts/ledger.ts'
import type { Log } from '../../engine/core/contracts/services.ts'
import type { StepContext, StepType } from '../../engine/core/contracts/step.ts'
import type { TriggerType } from '../../engine/core/contracts/trigger.ts'
import type { JobId, Sha256 } from '../../engine/core/model.ts'
import type { Engine } from '../../engine/runtime/engine.ts'
import { createDrivenClock, type DrivenClock } from './clock.ts'
import type { LoadedEngine } from './load-engine.ts'
import { clients, dropFolder } from './manifests.ts'
import { createRepository, type Repository } from './repository.ts'

/** Longer than anything else in the engine sleeps: so the follower's rests are told from the rest. */
const rescanMs = 30 * 86_400_000
/** The follower's soon-again rests, which would be thousands in hours of played time, take that much longer. */
const againFactor = 200

export interface Stage {
  clock: DrivenClock
  repository: Repository
  drops: string
  ledgerFile: string
  /** What the triggers watch now, by job. */
  watched: ReadonlyMap<JobId, Sha256>
  /** How often a step ran, by run. Whoever looked empties it. */
  executed: Map<string, number>
  /** How often a file was moved, by name. */
  moved: Map<string, number>
  errors: string[]
  engine(): Engine
  start(): Promise<void>
  stop(): Promise<void>
  /** Hints that there is a new commit, and waits until the engine rests again. */
  hint(): Promise<void>
  /** Called by the next reconcile after it has read, and before it is written. */
  onRead: (() => Promise<void>) | undefined
  onApply: (() => Promise<void>) | undefined
  setReachable(isReachable: boolean): void
  drop(client: string, name: string): void
}

const nothing: SourceTree = { revision: 'none', files: new Map() }
const standard: ConfigSource = {
  description: 'none',
  rescanMs,
  settleMs: 0,
  read: async () => nothing,
  watch: async () => async () => undefined,
}

export async function createStage(parts: LoadedEngine, folder: string, begin: string): Promise<Stage> {
  const places = { repository: join(folder, 'config.git'), away: join(folder, 'away.git') }
  const drops = join(folder, 'drops')
  for (const client of clients) mkdirSync(join(dropFolder(drops, client), 'in'), { recursive: true })
  const data = parts.dataFolderOf(join(folder, 'data'))
  mkdirSync(data.root, { recursive: true })
  const artifacts = await parts.createArtifactFolder(data.artifacts)
  const repository = createRepository(places.repository)
  const watched = new Map<JobId, Sha256>()
  let running: { engine: Engine; close(): Promise<void> } | undefined
  let count = 0

  const clock = createDrivenClock(
    begin,
    () => {
      const { waiting, working } = running?.engine.queueSize() ?? { waiting: 0, working: 0 }
      return waiting + working === 0
    },
    (ms) => {
      const isAgain = ms >= 2_400 && ms <= 3_600
      return { loop: isAgain || ms > rescanMs / 2, ms: isAgain ? ms * againFactor : ms }
    },
  )

  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error(fields, message) {
      // What is wrong with a commit is expected here; an error inside jobsd never is.
      if (fields.stack || fields.code === 'BUG') stage.errors.push(`${message}: ${JSON.stringify(fields)}`)
    },
  }
  const run = async (_step: unknown, { run, files, connection, snapshot }: StepContext) => {
    stage.executed.set(run.id, (stage.executed.get(run.id) ?? 0) + 1)
    if (snapshot.digest !== run.snapshot) stage.errors.push(`run ${run.id} has another snapshot`)
    for (const { origin, fileName } of files) {
      if (!origin) continue
      const place = connection(origin.connection)
      if (place.type === 'folder') rmSync(join(place.path, origin.path))
      stage.moved.set(fileName, (stage.moved.get(fileName) ?? 0) + 1)
    }
    return { ok: true, note: '' }
  }
  const steps = ['email', 'move-file'].map((type) => ({ type, title: type, run })) as unknown as StepType[]
  const triggers = parts.triggerTypes.map((type) => watchWatches(type, watched, clock))

  function createSource(): ConfigSource {
    const mirror = join(data.root, 'git/repository.git')
    const secrets = {
      resolve: (name: string) =>
        Promise.reject(new parts.JobsdError('SECRET_MISSING', { name, variable: name })),
    }
    const { url } = repository
    const workFolder = join(data.root, 'work')
    mkdirSync(workFolder, { recursive: true })
    const vouch = parts.createVouch({ description: url, mirror, workFolder, path: '', platform: 'inside' })
    const options = { url, branch: 'main', path: '', mirror, secrets, pollMs: rescanMs, vouch }
    const source = parts.createGitSource(options)
    return {
      ...source,
      async read(signal) {
        const tree = await source.read(signal)
        const { onRead } = stage
        stage.onRead = undefined
        await onRead?.()
        return tree
      },
    }
  }

  function assemble(): { engine: Engine; close(): Promise<void> } {
    const opened = parts.openSqliteLedger(data.ledger)
    const ledger: Ledger = {
      ...opened,
      async applyRevision(applied) {
        const { onApply } = stage
        stage.onApply = undefined
        await onApply?.()
        await opened.applyRevision(applied)
      },
    }
    const endpoints = parts.createEndpoints({ secrets: { resolve: () => Promise.reject() }, clock })
    const send = async ({ to }: { to: string[] }) => ({ accepted: to, rejected: [], response: '250 ok' })
    const engine = parts.createEngine({
      source: createSource(),
      platform: undefined,
      standard,
      ledger,
      queue: parts.createLocalQueue(clock),
      endpoints: { ...endpoints, mailer: () => ({ send }) },
      artifacts,
      steps,
      triggers,
      renderMail: async () => ({ subject: 's', html: 'h', text: 't' }),
      clock,
      log,
      createId: () => String(++count),
    })
    return { engine, close: () => opened.close() }
  }

  const stage: Stage = {
    clock,
    repository,
    drops,
    ledgerFile: data.ledger,
    watched,
    executed: new Map(),
    moved: new Map(),
    errors: [],
    onRead: undefined,
    onApply: undefined,
    engine: () => running!.engine,
    async start() {
      running = assemble()
      clock.expect(1)
      await running.engine.start({ triggers: true })
      await clock.settle()
    },
    async stop() {
      await running?.engine.stop()
      await running?.close()
      running = undefined
    },
    async hint() {
      clock.expect(1)
      running?.engine.reload()
      await clock.settle()
    },
    setReachable(isReachable) {
      const { repository: at, away } = places
      renameSync(isReachable ? away : at, isReachable ? at : away)
    },
    drop(client, name) {
      const folder = dropFolder(drops, client)
      writeFileSync(join(folder, name), `a,b\n${name}\n`)
      // By the played clock: the time is part of what tells a file from another.
      utimesSync(join(folder, name), clock.now(), clock.now())
      renameSync(join(folder, name), join(folder, 'in', name))
    },
  }
  return stage
}

/** Keeps what a trigger type watches, and has its loops waited for. */
function watchWatches(type: TriggerType, watched: Map<JobId, Sha256>, clock: DrivenClock): TriggerType {
  return {
    ...type,
    async watch(trigger, snapshot, host, signal) {
      const { job, digest } = snapshot
      const loops =
        trigger.type === 'scheduled'
          ? trigger.schedules.length
          : trigger.type === 'ftp-in'
            ? trigger.folders.length
            : 0
      clock.expect(loops)
      await type.watch(trigger as never, snapshot, { ...host, clock: clock.loops(signal) }, signal)
      watched.set(job, digest)
      signal.addEventListener('abort', () => {
        if (watched.get(job) === digest) watched.delete(job)
      })
    },
  }
}
