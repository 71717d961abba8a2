/**
 * No-op runs through ledger, queue and runner, each transition durable, against BullMQ on Redis with fsync always.
 * `npm run bench:runs -- --bullmq FOLDER [--redis FILE] [--rounds 5] [--runs 4000]`; FOLDER has BullMQ in node_modules.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'
import { createLocalQueue } from '../../engine/adapters/local-queue.ts'
import { systemClock } from '../../engine/adapters/system-clock.ts'
import type { StepType } from '../../engine/core/contracts/step.ts'
import type { Snapshot, Step } from '../../engine/core/model.ts'
import { createDispatch } from '../../engine/runtime/dispatch.ts'
import { toDueRecord } from '../../engine/runtime/due.ts'
import { createSnapshot } from '../../test/fakes/snapshot.ts'

const lanes = 64

const { values } = parseArgs({
  options: {
    redis: { type: 'string', default: 'redis-server' },
    bullmq: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '4000' },
  },
})
const count = Number(values.runs)

interface Contender {
  name: string
  /** Records that many due things, 64 at a time and each durable before the next, and works on all of them. */
  run(count: number): Promise<void>
  close(): Promise<void>
}

function createNoOpSnapshot(): Snapshot {
  const base = createSnapshot()
  const noOp = { name: 'no-op', type: 'condition', when: { value: 'run.client', equals: 'acme' } } as const
  const steps = [{ ...noOp, onSuccess: 'end', onFailure: 'fail' }] as Step[]
  return { ...base, manifest: { ...base.manifest, scope: 'client', callCenters: [], steps } }
}

/** The real parts, with a step that does nothing. */
function createJobsd(folder: string): Contender {
  const ledger = openSqliteLedger(join(folder, 'ledger.db'))
  const stopping = new AbortController()
  const snapshot = createNoOpSnapshot()
  const queue = createLocalQueue(systemClock)
  let onEnd: () => void = () => undefined
  const noOp = { type: 'condition', title: 'No-op', run: async () => ({ ok: true, note: '' }) }
  const dispatch = createDispatch({
    ledger: {
      ...ledger,
      async endStep(guard, end) {
        const isTold = await ledger.endStep(guard, end)
        onEnd()
        return isTold
      },
    },
    queue,
    steps: [noOp as unknown as StepType],
    endpoints: {} as never,
    artifacts: {} as never,
    clock: systemClock,
    log: pino(pino.destination({ dest: '/dev/null', sync: true })),
    snapshot: async () => snapshot,
    onAlert: () => undefined,
    stopping: stopping.signal,
  })
  dispatch.start({ maxRuns: lanes } as never)
  let made = 0
  return {
    name: 'jobsd',
    async run(count) {
      const all = countDown(count)
      onEnd = all.one
      await inLanes(count, async () => {
        const now = new Date().toISOString()
        const by = { type: 'manual' as const, key: String(++made), slot: now, schedule: null }
        const rest = { event: null, file: null, callCenter: null }
        const due = toDueRecord(snapshot, 'r1', { ...by, ...rest }, now)
        dispatch.enqueueDue(due, await ledger.recordDue(due))
      })
      await all.done
    },
    async close() {
      await queue.drain(1_000)
      stopping.abort()
      await ledger.close()
    },
  }
}

interface BullMq {
  Queue: new (
    name: string,
    options: object,
  ) => { add(name: string, data: object): Promise<unknown>; close(): Promise<void> }
  Worker: new (
    name: string,
    work: () => Promise<void>,
    options: object,
  ) => {
    on(event: 'completed', listener: () => void): void
    close(): Promise<void>
    waitUntilReady(): Promise<unknown>
  }
}

async function createBullMq(modules: string, redisServer: string, folder: string): Promise<Contender> {
  const require = createRequire(join(modules, 'package.json'))
  const { Queue, Worker } = require('bullmq') as BullMq
  const socket = join(folder, 'redis.sock')
  const options = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '']
  const server = spawn(redisServer, [...options, '--appendonly', 'yes', '--appendfsync', 'always'])
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.stdout.on('data', (text: Buffer) => text.includes('eady to accept connections') && resolve())
  })
  const connection = { path: socket, maxRetriesPerRequest: null }
  const queue = new Queue('bench', { connection })
  const worker = new Worker('bench', async () => undefined, { connection, concurrency: lanes })
  await worker.waitUntilReady()
  let onEnd: () => void = () => undefined
  worker.on('completed', () => onEnd())
  return {
    name: 'BullMQ',
    async run(count) {
      const all = countDown(count)
      onEnd = all.one
      await inLanes(count, () => queue.add('no-op', { job: 'acme/eod-call-detail' }))
      await all.done
    },
    async close() {
      await worker.close()
      await queue.close()
      server.kill()
    },
  }
}

async function inLanes(count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count
  const lane = async (): Promise<void> => {
    while (left-- > 0) await work()
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

function countDown(count: number): { one(): void; done: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = count
  return {
    one() {
      left -= 1
      if (left === 0) resolve()
    },
    done: promise,
  }
}

async function measure(contender: Contender): Promise<number> {
  const start = performance.now()
  await contender.run(count)
  return (count / (performance.now() - start)) * 1000
}

function describe(name: string, rates: number[]): string {
  const sorted = rates.toSorted((a, b) => a - b)
  const [least, most] = [sorted[0] ?? 0, sorted.at(-1) ?? 0]
  return `${name.padEnd(8)} median ${Math.round(median(rates))} runs/s (${Math.round(least)} to ${Math.round(most)})`
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

const folder = mkdtempSync(join(tmpdir(), 'jobsd-bench-runs-'))
const contenders: Contender[] = [createJobsd(folder)]
try {
  try {
    if (values.bullmq) contenders.push(await createBullMq(values.bullmq, values.redis, folder))
    else console.log('BullMQ skipped: no --bullmq FOLDER')
  } catch (error) {
    console.log(`BullMQ skipped, no redis: ${(error as Error).message}`)
  }
  const rates = contenders.map((): number[] => [])
  for (const contender of contenders) await measure(contender)
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [index, contender] of contenders.entries()) rates[index]?.push(await measure(contender))
  }
  for (const [index, { name }] of contenders.entries()) console.log(describe(name, rates[index] ?? []))
  const [ours = [], theirs = []] = rates
  if (theirs.length > 0) {
    const ratios = ours.map((rate, round) => rate / (theirs[round] ?? Number.NaN))
    const range = `${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)}`
    console.log(`jobsd / BullMQ: ${median(ratios).toFixed(2)} (${range}); the goal is 3`)
  }
} finally {
  for (const contender of contenders) await contender.close()
  rmSync(folder, { recursive: true, force: true })
}
