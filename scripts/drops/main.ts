/** `npm run drops -- [--files N] [--seed S] [--kills K] [--sftp openssh|npm] [--local]`: without a place all there are. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions } from '../parse-options.ts'
import { isMissing, type PlaceName } from './places.ts'
import { runTrial } from './trial.ts'

const { values } = parseOptions(import.meta.filename, {
  options: {
    files: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '5' },
    singles: { type: 'string', default: '100' },
    sftp: { type: 'string' },
    local: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
const say = (text: string) => process.stdout.write(`${text}\n`)

const asked: PlaceName[] = [
  ...(values.sftp === 'npm' || values.sftp === 'openssh' ? [values.sftp as PlaceName] : []),
  ...(values.local ? ['local' as PlaceName] : []),
]
const missing = isMissing('openssh')
const places: PlaceName[] = asked.length > 0 ? asked : [missing ? 'npm' : 'openssh', 'local']
if (missing && (asked.length === 0 || asked.includes('openssh')))
  say('skipped: the OpenSSH part, no sshd here')

const folder = await mkdtemp(join(tmpdir(), 'jobsd-drops-'))
let faults = 0
try {
  for (const place of places.filter((each) => !isMissing(each))) {
    const result = await runTrial({
      folder: join(folder, place),
      place,
      files: Number(values.files),
      seed: Number(values.seed),
      kills: Number(values.kills),
      singles: Number(values.singles),
      say,
    })
    const { complete, runs, torn, killed, seconds, latency } = result
    const tornText = ['renamed', 'done', 'sum', 'stable']
      .map((rule) => `${rule} ${torn[rule] ?? 0}`)
      .join(', ')
    say(
      `${place}: ${values.files} files written, ${complete} complete, ${runs} runs, ${killed} kills, ${seconds.toFixed(0)} s`,
    )
    say(`${place}: torn: ${tornText}`)
    say(
      `${place}: drop to start of run at rest: p50 ${latency.p50} ms, p99 ${latency.p99} ms, max ${latency.max} ms of ${latency.count}`,
    )
    say(`${place}: ${result.faults.length} faults`)
    for (const fault of result.faults.slice(0, 20)) say(`  ${fault}`)
    faults += result.faults.length
  }
} finally {
  if (values.keep) say(`kept: ${folder}`)
  else await rm(folder, { recursive: true, force: true })
}
process.exitCode = faults === 0 ? 0 : 1
