/** An engine on the small golden repository as if it came by Git, with a clock that only the test moves. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'
import { createLocalQueue } from '../../engine/adapters/local-queue.ts'
import type { CommitFacts, ConfigSource, SourceTree } from '../../engine/core/contracts/config-source.ts'
import type { StepType } from '../../engine/core/contracts/step.ts'
import type { TriggerType } from '../../engine/core/contracts/trigger.ts'
import { createEngine } from '../../engine/runtime/engine.ts'
import { editSmall } from '../engine/config/golden.ts'
import { createManualClock } from './clock.ts'
import { createMemoryLog } from './log.ts'

type Edits = Parameters<typeof editSmall>[0]

/** Commits are named by one character, forty times. */
export const commitOf = (character: string): string => character.repeat(40)

/** Starts it; it is stopped with the test. Every step does nothing and is fine. */
export async function startSmallEngine(t: Test, path = join(t.testdir({}), 'ledger.db')) {
  const clock = createManualClock('2026-11-22T12:00:00Z')
  const log = createMemoryLog()
  const state = {
    tree: treeOf('a', {}),
    signature: { state: 'unchecked' } as CommitFacts['signature'],
    reads: 0,
    gate: Promise.resolve(),
    failure: undefined as Error | undefined,
  }
  const source: ConfigSource = {
    description: 'https://git.example/config.git#main',
    rescanMs: 30_000,
    settleMs: 0,
    async read() {
      state.reads += 1
      await state.gate
      if (state.failure) throw state.failure
      return state.tree
    },
    watch: async () => async () => undefined,
    vouch: async (commit) => ({
      facts: {
        commit,
        author: 'Ana Flores <ana@example.com>',
        authoredAt: '2026-11-22T11:00:00.000Z',
        signature: state.signature,
      },
      rewritten: false,
    }),
  }
  const nothing: SourceTree = { revision: 'none', files: new Map() }
  const ledger = openSqliteLedger(path)
  let count = 0
  const engine = createEngine({
    source,
    platform: undefined,
    standard: { ...source, read: async () => nothing },
    ledger,
    queue: createLocalQueue(clock),
    endpoints: {
      mailer: () => ({ send: async () => ({ accepted: [], rejected: [], response: 'ok' }) }),
    } as never,
    artifacts: {} as never,
    steps: ['report', 'email', 'ftp-out-copy', 'cloud-copy', 'condition', 'move-file'].map((type) => ({
      type,
      title: type,
      run: async () => ({ ok: true, note: '' }),
    })) as unknown as StepType[],
    triggers: [
      { type: 'scheduled', title: 'Scheduled', watch: async () => undefined } as unknown as TriggerType,
    ],
    renderMail: async () => ({ subject: 's', html: 'h', text: 't' }),
    clock,
    log,
    createId: () => String(++count),
  })
  await engine.start({ triggers: true })
  // Following begins with a look of its own.
  await until(() => state.reads === 2)
  let isStopped = false
  async function stop(): Promise<void> {
    if (isStopped) return
    isStopped = true
    await engine.stop()
    await ledger.close()
  }
  t.teardown(stop)

  return {
    engine,
    ledger,
    clock,
    log,
    state,
    until,
    stop,
    /** Makes it what the source holds, and waits until the engine has looked. */
    async push(character: string, edits: Edits): Promise<void> {
      state.tree = treeOf(character, edits)
      engine.reload()
      await until(() => engine.sync().last?.revision === commitOf(character))
    },
    /** Runs the job and waits for its end; returns the ids of its runs. */
    async run(): Promise<string[]> {
      const ids = await engine.run({ job: 'acme/eod' })
      await until(async () => (await ledger.unfinishedRuns()).length === 0)
      return ids
    },
  }
}

/** Resolves once it holds, letting everything else run on meanwhile. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve))
  while (!(await holds()))
}

export function treeOf(character: string, edits: Edits): SourceTree {
  return { ...editSmall(edits), revision: commitOf(character) }
}
