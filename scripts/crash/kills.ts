/** One long scenario: files, events and runs by hand keep coming while the engine is killed at random moments. */
import { setTimeout } from 'node:timers/promises'
import { type Asked, askByHand, countRuns, dropFile, sendEvent } from './asked.ts'
import { type EngineChild, startEngine } from './engine-child.ts'
import { readLedger } from './ledger-rows.ts'
import { createRandom } from './random.ts'
import { judge, type Verdict } from './reader.ts'
import { countInDoubt } from './trial.ts'
import type { World } from './world.ts'

const longestMs = 2_000
const pollMs = 100
/** What is left after the last kill may take this long. */
const lastMs = 600_000

export interface KillsEnd extends Verdict {
  kills: number
  inDoubt: number
  ms: number
  log: string[]
}

export async function runKills(
  world: World,
  { kills, seed }: { kills: number; seed: number },
  onKill: (killed: number) => void,
): Promise<KillsEnd> {
  const startMs = Date.now()
  const random = createRandom(seed)
  await world.reset()
  const asked: Asked = { slots: world.slots, files: [], events: [], hands: [] }
  const log: string[] = []
  let inDoubt = 0
  for (let round = 0; round < kills; round += 1) {
    const engine = startEngine(world)
    dropFile(world, asked, 'acme/upload', `a-${round}.csv`)
    if (round % 2 === 0) dropFile(world, asked, 'borealis/upload', `b-${round}.csv`)
    if (round % 4 === 1) asked.events.push({ id: `C-${round}`, isAnswered: false })
    // One in four may be killed before it is ready.
    const delayMs = random() * longestMs
    const killed = random() < 0.25 ? setTimeout(delayMs) : engine.ready.then(() => setTimeout(delayMs))
    const asking = ask(world, engine, asked, round)
    await Promise.race([killed, engine.ended])
    if (engine.hasEnded())
      return end([`the engine ended by itself in round ${round}`], log.concat(engine.log()))
    engine.kill()
    await Promise.all([engine.ended, asking])
    log.push(...engine.log().filter((line) => /"level":[56]0/.test(line)))
    inDoubt += countInDoubt(world)
    onKill(round + 1)
  }
  const engine = startEngine(world)
  await engine.ready
  await ask(world, engine, asked, -1)
  const faults: string[] = []
  if (!(await settle(world, engine, asked)))
    faults.push(`not all had ended ${lastMs / 1000} s after the last kill`)
  const { code } = await engine.stop()
  if (code !== 0) faults.push(`the engine ended with ${code}`)
  return end(faults, [...log, ...engine.log()])

  function end(found: string[], lines: string[]): KillsEnd {
    const verdict = judge(world, asked, readLedger(world.data), inDoubt)
    const faults = [...found, ...verdict.faults]
    return { ...verdict, faults, kills, inDoubt, ms: Date.now() - startMs, log: faults.length ? lines : [] }
  }
}

async function ask(world: World, engine: EngineChild, asked: Asked, round: number): Promise<void> {
  const address = await engine.ready.catch(() => undefined)
  if (address === undefined) return
  for (const event of asked.events) event.isAnswered ||= await sendEvent(address, event.id)
  if (round % 8 !== 3) return
  const slot = new Date(Date.parse('2026-03-01T00:00:00Z') + round * 60_000).toISOString()
  const hand = { slot, isAnswered: false }
  asked.hands.push(hand)
  hand.isAnswered = await askByHand(world, slot)
}

async function settle(world: World, engine: EngineChild, asked: Asked): Promise<boolean> {
  const hands = asked.hands.filter(({ isAnswered }) => isAnswered).length
  const wanted = asked.slots.length + asked.files.length + asked.events.length + hands
  for (const untilMs = Date.now() + lastMs; Date.now() < untilMs && !engine.hasEnded(); ) {
    const counts = await countRuns(world)
    if (counts && counts.all >= wanted && counts.open === 0) return true
    await setTimeout(pollMs)
  }
  return false
}
