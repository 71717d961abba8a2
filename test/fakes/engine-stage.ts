/** An engine on the small golden repository, with a clock, steps and triggers that the test plays. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'
import { createLocalQueue } from '../../engine/adapters/local-queue.ts'
import type { ConfigSource, SourceTree } from '../../engine/core/contracts/config-source.ts'
import type { Mailer, MailMessage } from '../../engine/core/contracts/endpoints.ts'
import type { FanOut } from '../../engine/core/contracts/fan-out.ts'
import type { Ledger } from '../../engine/core/contracts/ledger.ts'
import type { StepContext, StepResult, StepType } from '../../engine/core/contracts/step.ts'
import type { TriggerType } from '../../engine/core/contracts/trigger.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import type { JobId } from '../../engine/core/model.ts'
import { createEngine } from '../../engine/runtime/engine.ts'
import { afterTrigger } from '../../engine/triggers/after.ts'
import { editSmall } from '../engine/config/golden.ts'
import { createManualClock } from './clock.ts'
import { createMemoryLog } from './log.ts'

export const nothing: SourceTree = { revision: 'none', files: new Map() }

/** Resolves once it holds, letting everything else run on meanwhile. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

export interface StageChanges {
  ledger?: (ledger: Ledger) => Ledger
  source?: Partial<ConfigSource>
  /** Has the operators' documents instead of `source`. */
  platform?: ConfigSource
  /** Asks for the rows of jobs with `fanOut`. */
  fanOut?: FanOut
  /** The operators' own step types whose code the next engine has. */
  stepCodes?: ReadonlySet<string>
  /** Makes slots due instead of one that only counts who is watched. */
  scheduled?: TriggerType<'scheduled'>
}

/** An engine on the small golden repository whose steps all do what `play` says. */
export function createStage(
  t: Test,
  play: (context: StepContext) => Promise<StepResult>,
  changes: StageChanges = {},
) {
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const log = createMemoryLog()
  const path = join(t.testdir({}), 'ledger.db')
  const sent: MailMessage[] = []
  const watched: string[] = []
  const state = {
    tree: editSmall({}),
    watchFails: false,
    /** Thrown by the next reads. */
    unreadable: undefined as Error | undefined,
    /** What the next engine is made with. */
    platform: changes.platform,
  }
  let count = 0

  const source: ConfigSource = {
    description: 'a test',
    rescanMs: 30_000,
    settleMs: 3_000,
    async read() {
      if (state.unreadable) throw state.unreadable
      return state.tree
    },
    ...changes.source,
    async watch() {
      if (state.watchFails) throw new Error('ENOSPC: no more watchers')
      return async () => undefined
    },
  }
  const standard: ConfigSource = {
    description: 'none',
    rescanMs: 30_000,
    settleMs: 3_000,
    read: async () => nothing,
    watch: async () => async () => undefined,
  }
  const mailer: Mailer = {
    async send(message) {
      sent.push(message)
      return { accepted: message.to, rejected: [], response: '250 ok' }
    },
  }
  const types = ['report', 'email', 'ftp-out-copy', 'cloud-copy', 'condition', 'move-file']
  const steps = types.map((type) => ({
    type,
    title: type,
    run: (_: unknown, context: StepContext) => play(context),
  })) as unknown as StepType[]
  const trigger: TriggerType = {
    type: 'scheduled',
    title: 'Scheduled',
    async watch(_, { job }, _host, signal) {
      if (watched.includes(`${job} breaks`)) throw new Error('this trigger cannot be watched')
      watched.push(job)
      signal.addEventListener('abort', () => watched.splice(watched.indexOf(job), 1))
    },
  }
  const create = () => {
    const opened = openSqliteLedger(path)
    const ledger = changes.ledger?.(opened) ?? opened
    const engine = createEngine({
      source,
      platform: state.platform,
      standard,
      ledger,
      queue: createLocalQueue(clock),
      endpoints: { mailer: () => mailer } as never,
      artifacts: {} as never,
      steps,
      ...(changes.fanOut && { fanOut: changes.fanOut }),
      ...(changes.stepCodes && { stepCodes: changes.stepCodes }),
      triggers: [
        (changes.scheduled ?? trigger) as TriggerType,
        { ...trigger, type: 'campaign', accepts: () => true } as never,
        afterTrigger as never,
      ],
      renderMail: async () => ({ subject: 's', html: 'h', text: 't' }),
      clock,
      log,
      createId: () => String(++count),
    })
    return { engine, ledger }
  }
  const { engine, ledger } = create()
  t.teardown(() => ledger.close())
  return { engine, ledger, clock, log, sent, watched, state, path, create }
}

export const eodFile = 'jobs.d/acme/eod.yaml'
export const settingsFile = 'jobs.d/platform/settings.yaml'
export type Edits = Parameters<typeof editSmall>[0]

/** A commit's name, of one letter. */
export const commitOf = (letter: string): string => letter.repeat(40)

/** A stage whose source is like Git: what is missing is gone at once, and each tree is a commit. */
export function createGitStage(t: Test, changes: StageChanges = {}) {
  const source = { settleMs: 0, ...changes.source }
  const stage = createStage(t, async () => ({ ok: true, note: '' }), { ...changes, source })
  stage.state.tree = { ...editSmall({}), revision: commitOf('a') }
  return {
    ...stage,
    /** Puts a revision into the source and waits until the engine has looked at it. */
    async push(revision: string, edits: Edits, engine = stage.engine) {
      stage.state.tree = { ...editSmall(edits), revision }
      engine.reload()
      await until(() => engine.sync().last?.revision?.startsWith(revision) ?? false)
    },
    /** Starts another engine on the same ledger. */
    async restart() {
      const next = stage.create()
      t.teardown(() => next.ledger.close())
      await next.engine.start({ triggers: true })
      return next
    },
    async job(id: JobId, engine = stage.engine) {
      return (await engine.status()).jobs.find(({ job }) => job === id)
    },
    /** Of the mails to the operators. An engine that stopped has sent all of its own. */
    titles: () => stage.sent.map(({ subject }) => subject.replace('[jobsd] ', '')),
  }
}

/** That many more jobs, all valid. */
export function moreJobs(count: number): Record<string, string> {
  const text = new TextDecoder().decode(editSmall({}).files.get(eodFile)?.content)
  const changed = (name: string) =>
    text.replace('name: eod', `name: ${name}`).replace('/outbound', `/${name}`)
  const names = Array.from({ length: count }, (_, index) => `more-${index}`)
  return Object.fromEntries(names.map((name) => [`jobs.d/acme/${name}.yaml`, changed(name)]))
}

/** The job `eod` under another name; `previousName` where it takes over from it. */
export function renameEod(name: string, previousName?: string): Edits {
  const text = new TextDecoder().decode(editSmall({}).files.get(eodFile)?.content)
  const names = previousName ? `name: ${name}\npreviousName: ${previousName}` : `name: ${name}`
  return { [eodFile]: null, [`jobs.d/acme/${name}.yaml`]: text.replace('name: eod', names) }
}

/** Who vouches for every commit but one, without any signature. */
export function vouchForAllBut(refused?: string): NonNullable<ConfigSource['vouch']> {
  return async (commit) => {
    if (commit === refused) throw new JobsdError('COMMIT_UNTRUSTED', { commit, reason: 'it is not signed' })
    const facts = { commit, author: 'Ana <ana@x.example>', authoredAt: '2026-11-22T10:00:00.000Z' }
    return { facts: { ...facts, signature: { state: 'unchecked' } }, rewritten: false }
  }
}

/** What reading a source throws that is away. */
export function sourceAway(reason = 'no route'): JobsdError {
  return new JobsdError('SOURCE_UNREACHABLE', { source: 'git', reason })
}
