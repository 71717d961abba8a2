/**
 * No-op runs through ledger, queue and runner, each transition durable, against BullMQ on Redis with fsync always, and
 * against SQLite alone with the same rows; then how soon a single run begins.
 * `npm run bench:runs -- --bullmq FOLDER [--redis FILE] [--rounds 5] [--runs 4000] [--log warn] [--sync-ms N]`; FOLDER has
 * BullMQ in node_modules, which writes no log: `--log info` shows what ours costs. `--sync-ms N` makes each sync of both
 * contenders N ms longer, by a small library that `cc` compiles: what a slower disk would say, the disk's own time included.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions } from '../parse-options.ts'
import { createBullMq } from './runs-bullmq.ts'
import type { Contender } from './runs-contender.ts'
import { createFloor } from './runs-floor.ts'
import { createJobsd } from './runs-jobsd.ts'
import { runSlowly } from './slow-sync.ts'

const { values } = parseOptions(import.meta.filename, {
  options: {
    redis: { type: 'string', default: 'redis-server' },
    bullmq: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '4000' },
    log: { type: 'string', default: 'warn' },
    'sync-ms': { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(
    'npm run bench:runs -- [--bullmq FOLDER] [--redis FILE] [--rounds 5] [--runs 4000] [--log warn] [--sync-ms N]',
  )
  process.exit(0)
}
if (values['sync-ms'] !== undefined) process.exit(runSlowly(Number(values['sync-ms'])))
const count = Number(values.runs)
const rounds = Number(values.rounds)
/** A round's single runs. */
const singles = 40

async function measureRate(contender: Contender): Promise<number> {
  const start = performance.now()
  await contender.run(count)
  return (count / (performance.now() - start)) * 1000
}

async function measureStart(contender: Contender): Promise<number> {
  const starts: number[] = []
  for (let index = 0; index < singles; index += 1) starts.push((await contender.begin?.()) ?? Number.NaN)
  return median(starts)
}

/** Takes turns, so that whatever else the machine does meets all of them. The first turn only warms up. */
async function takeTurns(
  contenders: Contender[],
  measure: (contender: Contender) => Promise<number>,
): Promise<number[][]> {
  const figures = contenders.map((): number[] => [])
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const figure = await measure(contender)
      if (round > 0) figures[index]?.push(figure)
    }
  }
  return figures
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

function describe(numbers: number[], digits: number): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)]
  return `${median(numbers).toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`
}

function tell(
  contenders: Contender[],
  figures: number[][],
  unit: string,
  digits: number,
  goal: string,
): void {
  for (const [index, { name }] of contenders.entries())
    console.log(`${name.padEnd(8)} ${describe(figures[index] ?? [], digits)} ${unit}`)
  const [ours = []] = figures
  for (const [index, { name }] of contenders.entries()) {
    if (index === 0) continue
    const ratios = ours.map((figure, round) => figure / (figures[index]?.[round] ?? Number.NaN))
    console.log(`jobsd / ${name}: ${describe(ratios, 2)}${name === 'BullMQ' ? `; the goal is ${goal}` : ''}`)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'jobsd-bench-runs-'))
const own = (name: string): string => {
  mkdirSync(join(folder, name))
  return join(folder, name)
}
const contenders = [createJobsd(own('jobsd'), values.log), await createFloor(own('floor'))]
try {
  try {
    if (values.bullmq) contenders.push(await createBullMq(values.bullmq, values.redis, own('redis')))
    else console.log('BullMQ skipped: no --bullmq FOLDER')
  } catch (error) {
    console.log(`BullMQ skipped, no redis: ${(error as Error).message}`)
  }
  tell(contenders, await takeTurns(contenders, measureRate), 'runs/s', 0, 'at least 3')
  const single = contenders.filter(({ begin }) => begin)
  tell(single, await takeTurns(single, measureStart), 'ms until a single run begins', 2, 'at most 0.5')
} finally {
  for (const contender of contenders) await contender.close()
  rmSync(folder, { recursive: true, force: true })
}
