/**
 * `npm run gitops:latency -- [--jobs N] [--rounds N]`: from `git push` until the new version of a job is in force, told by
 * a signed hook, over HTTP and ssh, and found by polling alone. Exits 1 where polling takes longer than it may.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasHttpBackend, hasProgram } from '../../test/fakes/git-remote.ts'
import { parseOptions } from '../parse-options.ts'
import { type LatencyOptions, measureLatency } from './latency-rounds.ts'

const pollS = 5
/** Polls are up to a fifth apart from their interval, so that many engines do not ask at once. */
const allowedMs = pollS * 1.2 * 1000 + 2_000

const { values } = parseOptions(import.meta.filename, {
  options: { jobs: { type: 'string' }, rounds: { type: 'string' } },
})
const jobs = Number(values.jobs ?? 1000)
const rounds = Number(values.rounds ?? 10)

function describe(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]
  if (median === undefined) return 'not measured'
  return `median ${Math.round(median)} ms, max ${Math.round(sorted.at(-1) as number)} ms of ${sorted.length}`
}

/** Measures and prints one way; gives the longest time. */
async function measure(options: Omit<LatencyOptions, 'folder' | 'jobs'>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'jobsd-latency-'))
  try {
    const { inForceMs, shownMs } = await measureLatency({ ...options, folder, jobs })
    const how = options.pollS === null ? 'hook' : `poll of ${options.pollS} s`
    const name = `${jobs} jobs over ${options.transport}, ${how}`
    console.log(`${name}: in force: ${describe(inForceMs)}; shown by status: ${describe(shownMs)}`)
    return Math.max(...inForceMs, ...shownMs)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

if (hasHttpBackend()) {
  await measure({ transport: 'http', rounds, pollS: null })
  const longestMs = await measure({ transport: 'http', rounds: Math.min(rounds, 6), pollS })
  if (longestMs > allowedMs) {
    console.log(`polling took longer than ${allowedMs} ms`)
    process.exitCode = 1
  }
} else console.log('over http: skipped, no git http-backend')
if (hasProgram('ssh', ['-V'])) await measure({ transport: 'ssh', rounds, pollS: null })
else console.log('over ssh: skipped, no ssh')
