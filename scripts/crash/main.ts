/**
 * `npm run crash -- [--points all|N] [--match REGEX] [--kills N] [--seed N] [--processes N] [--minutes N] [--list]`:
 * kills the engine at every durable write and every send, and reads from the servers' side whether the promise was kept.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions } from '../parse-options.ts'
import { runMatrix } from './matrix.ts'
import { summarize } from './summary.ts'

const { values } = parseOptions(import.meta.filename, {
  options: {
    points: { type: 'string', default: 'all' },
    match: { type: 'string' },
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    processes: { type: 'string', default: '2' },
    minutes: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})

const startMs = Date.now()
const say = (text: string): void =>
  console.log(`${String(Math.round((Date.now() - startMs) / 1000)).padStart(5)} s ${text}`)
const end = await runMatrix(
  {
    root: join(import.meta.dirname, '../..'),
    ...(values.list ? { points: 0 } : values.points !== 'all' && { points: Number(values.points) }),
    ...(values.match !== undefined && { match: new RegExp(values.match) }),
    ...(values.minutes !== undefined && { minutes: Number(values.minutes) }),
    kills: values.list ? 0 : Number(values.kills),
    seed: Number(values.seed),
    processes: values.list ? 1 : Number(values.processes),
  },
  say,
)
if (values.list) for (const point of end.whole.met) console.log(point)
const { text, isKept } = summarize(end)
console.log(text)
if (!isKept) {
  const file = join(mkdtempSync(join(tmpdir(), 'jobsd-crash-faults-')), 'faults.json')
  const bad = [end.whole, ...end.trials, ...(end.kills ? [end.kills] : [])].filter(
    ({ faults }) => faults.length > 0,
  )
  writeFileSync(file, JSON.stringify(bad, null, 1))
  console.log(`the engines' logs of what went wrong: ${file}`)
}
process.exitCode = isKept ? 0 : 1
