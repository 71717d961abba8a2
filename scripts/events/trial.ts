/** Many events at once at an engine that is killed again and again: each is to start exactly one run. */
import { createRandom, shuffle } from '../crash/random.ts'
import { writeConfig } from './config.ts'
import { startEngine } from './engine-process.ts'
import { findFaults } from './judge.ts'
import { readLedger } from './ledger-rows.ts'
import { badKinds, createEvent, requestOf, type SentEvent } from './requests.ts'
import { createSender, sendSlowly } from './send.ts'

export interface TrialOptions {
  folder: string
  /** Requests with good events, repeats included. */
  events: number
  seed: number
  kills: number
  /** Requests of each bad kind. */
  bad: number
  /** Bodies that never end, sent at once. */
  slow: number
}

export interface TrialReport {
  sent: number
  unique: number
  runs: number
  kills: number
  unanswered: number
  comeAgain: number
  /** Good events by the status of their answer. */
  statuses: Record<string, number>
  /** Bad ones by kind and status. */
  bad: Record<string, Record<string, number>>
  slow: { status: number; ms: number }[]
  /** Answers to good events while slow bodies hung, in milliseconds. */
  besideSlowMs: number[]
  seconds: number
  /** Ids of what the operators are told. */
  alerts: string[]
  faults: string[]
}

const parallel = 50
const repeatShare = 0.3

export async function runTrial(options: TrialOptions): Promise<TrialReport> {
  const { folder, events, seed, kills, bad, slow } = options
  const random = createRandom(seed)
  const unique = Array.from({ length: Math.round(events * (1 - repeatShare)) }, (_, index) =>
    createEvent(index),
  )
  const repeats = Array.from({ length: events - unique.length }, () => pick(unique, random))
  const order = shuffle([...unique, ...repeats], random)
  const places = writeConfig(folder)
  const engine = await startEngine(places)
  const sender = createSender(engine.port, parallel)
  const report: TrialReport = {
    ...{ sent: events, unique: unique.length, runs: 0, kills, unanswered: 0, comeAgain: 0 },
    ...{ statuses: {}, bad: {}, slow: [], besideSlowMs: [], seconds: 0, alerts: [], faults: [] },
  }
  const begin = performance.now()
  let next = 0
  try {
    const known: SentEvent[] = []
    const tasks: (() => Promise<void>)[] = order.map((event) => async () => {
      count(report.statuses, (await sender.send(() => requestOf(event))).status)
      known.push(event)
    })
    for (const kind of badKinds) {
      for (let index = 0; index < bad; index += 1) {
        // Never before a good event was answered: one kind repeats its id.
        const at = Math.floor(tasks.length * (0.2 + 0.8 * random()))
        tasks.splice(at, 0, async () => {
          const event = known[Math.floor(random() * known.length)] ?? pick(unique, random)
          const id = `bad-${kind.name}-${index}`.replaceAll(' ', '-')
          const answer = await sender.send(() => kind.request(id, event))
          // The first time it was taken, and the engine killed before it said so.
          const status = answer.isRepeat && answer.status === 200 ? 202 : answer.status
          const statuses = report.bad[kind.name] ?? {}
          report.bad[kind.name] = statuses
          count(statuses, status)
          if (status !== kind.status)
            report.faults.push(`${kind.name}: answered ${status}, not ${kind.status}`)
        })
      }
    }
    const worker = async (): Promise<void> => {
      for (let task = tasks[next++]; task; task = tasks[next++]) await task()
    }
    const workers = Array.from({ length: parallel }, worker)
    for (let kill = 1; kill <= kills; kill += 1) {
      await until(() => next >= (tasks.length * kill) / (kills + 1), 5)
      await engine.killAndRestart()
    }
    await Promise.all(workers)
    report.seconds = (performance.now() - begin) / 1000
    if (slow > 0) await sendBesideSlow(report, unique, slow, engine.port(), sender)
    await until(() => readLedger(places.data).runs.every(({ state }) => state === 'succeeded'), 500)
  } finally {
    sender.close()
    await engine.end()
  }
  const rows = readLedger(places.data)
  report.faults.push(...findFaults(unique, rows))
  return Object.assign(report, { runs: rows.runs.length, alerts: rows.alerts }, sender.counts)
}

/** Bodies that never end, and beside them good events, which are not to wait. */
async function sendBesideSlow(
  report: TrialReport,
  known: SentEvent[],
  slow: number,
  port: number,
  sender: ReturnType<typeof createSender>,
): Promise<void> {
  const hanging = Array.from({ length: slow }, (_, index) =>
    sendSlowly(port, requestOf({ id: `slow-${index}`, leads: 1, region: 'east' }), 1000),
  )
  let isOver = false
  const all = Promise.all(hanging).finally(() => {
    isOver = true
  })
  for (let index = 0; !isOver; index += 1) {
    const { status, ms } = await sender.send(() => requestOf(known[index % known.length] as SentEvent))
    if (status !== 200) report.faults.push(`a repeat beside slow bodies was answered ${status}`)
    report.besideSlowMs.push(ms)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  report.slow = await all
  for (const { status } of report.slow)
    if (status !== 408) report.faults.push(`slow body: answered ${status}, not 408`)
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)] as T
}

function count(counts: Record<string, number>, status: number): void {
  counts[status] = (counts[status] ?? 0) + 1
}

/** Rejects after two minutes. */
async function until(holds: () => boolean, everyMs: number): Promise<void> {
  const begin = performance.now()
  while (!holds()) {
    if (performance.now() - begin > 120_000) throw new Error('it did not come to an end within two minutes')
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
