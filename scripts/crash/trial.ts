/** One trial: the scenario up to a crash, restarts until all is done, and the reader's verdict. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Asked, askByHand, countRuns, dropFile, sendEvent } from './asked.ts'
import { type EngineChild, startEngine } from './engine-child.ts'
import { readLedger } from './ledger-rows.ts'
import { judge, type Verdict } from './reader.ts'
import type { World } from './world.ts'

const trialMs = 90_000
const pollMs = 40

export interface TrialOrder {
  /** Where the engine is killed; undefined: nowhere. */
  crashAt: string | undefined
  /** The number of the point where the engine that goes on is killed once more. */
  thenAt?: number
}

export interface TrialEnd extends Verdict {
  order: TrialOrder
  crashes: number
  /** How many mails a crash left in doubt. */
  inDoubt: number
  /** Points in the order they were met by the engines of the trial, the name and a tab before what it is about. */
  met: string[]
  ms: number
  /** The last engine's log, where there is a fault. */
  log: string[]
}

export async function runTrial(world: World, order: TrialOrder): Promise<TrialEnd> {
  const startMs = Date.now()
  await world.reset()
  const asked: Asked = {
    slots: world.slots,
    files: [],
    events: [{ id: 'C-1', isAnswered: false }],
    hands: [],
  }
  dropFile(world, asked, 'acme/upload', 'one.csv')
  dropFile(world, asked, 'borealis/upload', 'two.csv')
  const trace = join(world.folder, 'trace')
  writeFileSync(trace, '')
  const crashes = [order.crashAt, order.thenAt === undefined ? undefined : String(order.thenAt)]
  let [crashed, inDoubt] = [0, 0]
  const log: string[] = []
  const faults: string[] = []
  for (;;) {
    const engine = startEngine({ ...world, crashAt: crashes[crashed], trace })
    const isDone = await useEngine(world, engine, asked, startMs + trialMs)
    if (!isDone && !engine.hasEnded()) {
      faults.push(`it did not come to an end within ${trialMs / 1000} s`)
      engine.kill()
    }
    const { code, signal } = isDone && !engine.hasEnded() ? await engine.stop() : await engine.ended
    log.push(...engine.log())
    if (signal !== 'SIGKILL') {
      if (code !== 0) faults.push(`the engine ended with ${code}`)
      break
    }
    if (faults.length > 0) break
    crashed += 1
    inDoubt += countInDoubt(world)
  }
  const verdict = judge(world, asked, readLedger(world.data), inDoubt)
  const met = readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  return {
    ...verdict,
    faults: [...faults, ...verdict.faults],
    order,
    crashes: crashed,
    inDoubt,
    met,
    ms: Date.now() - startMs,
    log: faults.length + verdict.faults.length > 0 ? log : [],
  }
}

/** Asks until all was acknowledged and every run has ended; false where the engine ended, or time is up. */
async function useEngine(world: World, engine: EngineChild, asked: Asked, untilMs: number): Promise<boolean> {
  const address = await engine.ready.catch(() => undefined)
  if (address === undefined) return false
  for (const event of asked.events) event.isAnswered ||= await sendEvent(address, event.id)
  if (!asked.hands.some((hand) => hand.isAnswered)) {
    const slot = new Date(Date.parse('2026-03-01T00:00:00Z') + asked.hands.length * 60_000).toISOString()
    const hand = { slot, isAnswered: false }
    asked.hands.push(hand)
    hand.isAnswered = await askByHand(world, slot)
  }
  const wanted = asked.slots.length + asked.files.length + asked.events.length + 1
  while (!engine.hasEnded() && Date.now() < untilMs) {
    const counts = await countRuns(world)
    if (counts && counts.all >= wanted && counts.open === 0) return true
    await setTimeout(pollMs)
  }
  return false
}

/** Mails that a crash caught between the handing over and its confirmation. */
export function countInDoubt(world: World): number {
  return readLedger(world.data).deliveries.filter(
    ({ target, state }) => target.startsWith('mail:') && state === 'sending',
  ).length
}
