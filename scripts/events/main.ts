/**
 * `npm run events -- [--events N] [--seed N] [--kills N] [--bad N] [--slow N]`: signed events, a third of them repeats,
 * in another order and 50 at once, at a real engine that is killed in between; beside them bad ones of every kind. Exits
 * 1 where an event did not start exactly one run, or anything else did.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions } from '../parse-options.ts'
import { runTrial } from './trial.ts'

const number = { type: 'string' } as const
const { values } = parseOptions(import.meta.filename, {
  options: { events: number, seed: number, kills: number, bad: number, slow: number },
})
const folder = mkdtempSync(join(tmpdir(), 'jobsd-events-'))
try {
  const report = await runTrial({
    folder,
    events: Number(values.events ?? 10_000),
    seed: Number(values.seed ?? 1),
    kills: Number(values.kills ?? 5),
    bad: Number(values.bad ?? 20),
    slow: Number(values.slow ?? 20),
  })
  const { sent, unique, runs, kills, unanswered, comeAgain, seconds, faults } = report
  console.log(`${sent} requests with ${unique} events in ${seconds.toFixed(1)} s, ${kills} kills`)
  console.log(`${unanswered} not answered and ${comeAgain} told to come again: sent again`)
  console.log(`answers ${JSON.stringify(report.statuses)}`)
  for (const [kind, statuses] of Object.entries(report.bad))
    console.log(`  ${kind}: ${JSON.stringify(statuses)}`)
  if (report.slow.length > 0) {
    const times = report.besideSlowMs.toSorted((a, b) => a - b)
    const at = (share: number) => times[Math.floor((times.length - 1) * share)]?.toFixed(1)
    const longest = Math.max(...report.slow.map(({ ms }) => ms)) / 1000
    console.log(
      `${report.slow.length} slow bodies ended within ${longest.toFixed(1)} s; beside them ${times.length} answers,`,
    )
    console.log(`  p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`)
  }
  console.log(`told to the operators: ${report.alerts.length} (${report.alerts.join(', ')})`)
  console.log(`${runs} runs of ${unique} events; ${faults.length} faults`)
  for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`)
  process.exitCode = faults.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
