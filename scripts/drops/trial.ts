/** One trial: writers at a place, an engine that is killed now and then, and what came of it; then the latency at rest. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type EngineProcess, startEngineProcess } from '../demo/engine-process.ts'
import { pollMs, stableMs, writeConfig } from './config.ts'
import { judge, type Verdict } from './judge.ts'
import { openPlace, type Place, type PlaceName } from './places.ts'
import { createRandom } from './random.ts'
import { countRuns, hashArtifacts, hashFolder, readRuns } from './reader.ts'
import { runWriters } from './writers.ts'

/** Nothing moved for so long: what is missing now will not come. */
const quietMs = 20_000
/** Nothing is open: longer than a stable file can take to be seen as such. */
const restMs = stableMs + 3_000

export interface TrialOptions {
  folder: string
  place: PlaceName
  files: number
  seed: number
  kills: number
  /** Files dropped one at a time for the latency. */
  singles: number
  say(text: string): void
}

export interface TrialResult extends Verdict {
  killed: number
  seconds: number
  /** From the rename to the start of the run, ms. */
  latency: { count: number; p50: number; p99: number; max: number }
}

export async function runTrial(options: TrialOptions): Promise<TrialResult> {
  const { folder, files, seed, kills, say } = options
  await mkdir(folder, { recursive: true })
  const place = await openPlace(options.place, folder)
  const [config, data, secrets] = [join(folder, 'config'), join(folder, 'data'), join(folder, 'secrets')]
  writeConfig(config, place.connection)
  await mkdir(secrets, { recursive: true, mode: 0o700 })
  for (const [name, value] of Object.entries(place.secrets))
    await writeFile(join(secrets, name), value, { mode: 0o600 })
  const start = () =>
    startEngineProcess({ dir: config, platform: join(config, 'jobs.d/platform'), data, secrets })

  const random = createRandom(seed)
  const beganMs = Date.now()
  let engine: EngineProcess | undefined
  let killed = 0
  try {
    engine = await start()
    let isOver = false
    let count = 0
    const killing = (async () => {
      for (let next = 1; next <= kills && !isOver; next++) {
        while (!isOver && count < (files * next) / (kills + 1)) await setTimeout(50)
        await setTimeout(random.below(400))
        await engine?.kill()
        killed += 1
        engine = await start()
      }
    })()
    const posted = await runWriters(files, place.posts, random, (done) => {
      count = done
      if (done % 1000 === 0)
        say(`${place.name}: ${done} files written, ${countRuns(data).runs} runs, ${killed} kills`)
    })
    isOver = true
    await killing
    await untilQuiet(data)
    const seconds = (Date.now() - beganMs) / 1000
    const latency = await measureLatency(place, data, options.singles)
    await engine.stop()
    engine = undefined
    const singles = new Set(latency.paths)
    const runs = readRuns(data).filter(({ path }) => !singles.has(path))
    const verdict = judge(posted, runs, hashArtifacts(data), hashFolder(join(place.root, 'archive')))
    return { ...verdict, killed, seconds, latency: summarise(latency.ms) }
  } finally {
    await engine?.kill()
    await place.close()
  }
}

async function untilQuiet(data: string): Promise<void> {
  let last = ''
  for (let sinceMs = Date.now(); Date.now() - sinceMs < quietMs; ) {
    await setTimeout(250)
    const now = JSON.stringify(countRuns(data))
    if (now !== last) sinceMs = Date.now()
    last = now
    if (countRuns(data).open === 0 && Date.now() - sinceMs > restMs) return
  }
}

async function measureLatency({ posts, name }: Place, data: string, count: number) {
  const [post] = posts
  const begun = new Map<string, number>()
  if (!post) return { paths: [], ms: [] }
  for (let index = 0; index < count; index++) {
    const path = `/renamed/single-${index}.csv`
    const file = await post.open(`${path}.part`)
    await file.write(Buffer.from(`single ${index}\n`), 0)
    await file.close()
    begun.set(path, Date.now())
    await post.rename(`${path}.part`, path)
    // At rest, and not in step with the polls.
    await setTimeout(name === 'local' ? 250 : pollMs * 1.3 + (index % 7) * 37)
  }
  await setTimeout(pollMs * 3)
  const ms = readRuns(data).flatMap(({ path, startedAt }) => {
    const at = begun.get(path)
    return at === undefined || startedAt === null ? [] : [Date.parse(startedAt) - at]
  })
  return { paths: [...begun.keys()], ms }
}

function summarise(ms: number[]): TrialResult['latency'] {
  const sorted = ms.toSorted((one, other) => one - other)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 }
}
