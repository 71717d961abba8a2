/** An engine on the small golden repository, with a clock, steps and triggers that the test plays. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'
import { createLocalQueue } from '../../engine/adapters/local-queue.ts'
import type { ConfigSource, SourceTree } from '../../engine/core/contracts/config-source.ts'
import type { Mailer, MailMessage } from '../../engine/core/contracts/endpoints.ts'
import type { Ledger } from '../../engine/core/contracts/ledger.ts'
import type { StepContext, StepResult, StepType } from '../../engine/core/contracts/step.ts'
import type { TriggerType } from '../../engine/core/contracts/trigger.ts'
import { createEngine } from '../../engine/runtime/engine.ts'
import { editSmall } from '../engine/config/golden.ts'
import { createManualClock } from './clock.ts'
import { createMemoryLog } from './log.ts'

export const nothing: SourceTree = { revision: 'none', files: new Map() }

/** Resolves once it holds, letting everything else run on meanwhile. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

/** An engine on the small golden repository whose steps all do what `play` says. */
export function createStage(
  t: Test,
  play: (context: StepContext) => Promise<StepResult>,
  changes: { ledger?: (ledger: Ledger) => Ledger; source?: Partial<ConfigSource> } = {},
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
      platform: undefined,
      standard,
      ledger,
      queue: createLocalQueue(clock),
      endpoints: { mailer: () => mailer } as never,
      artifacts: {} as never,
      steps,
      triggers: [trigger],
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
