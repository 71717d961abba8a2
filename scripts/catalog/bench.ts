/**
 * The catalog of many jobs, beside Hugo. Alternates, in one command: our whole build, from what is known in a file to
 * the pages, and Hugo's of the same pages with their data ready to show. Then what one job's news costs a resident
 * engine, what the list weighs, and how long the filter's first keystroke takes.
 * `npm run bench:catalog -- [--jobs 10000] [--runs 8] [--clients 1] [--rounds 3]`; without Hugo or Chromium their part
 * is left out.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parseOptions } from '../parse-options.ts'
import { findChromium } from '../pictures/find-chromium.ts'
import { writeInput } from './bench-input.ts'
import { benchWorld } from './bench-world.ts'
import { openBrowser } from './browser.ts'
import { timeFirstKeystroke } from './keystroke.ts'
import { timeResident } from './resident.ts'

const { values } = parseOptions(import.meta.filename, {
  options: {
    jobs: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '8' },
    clients: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
  },
})
const [jobs, runs, clients, rounds] = [values.jobs, values.runs, values.clients, values.rounds].map(
  Number,
) as [number, number, number, number]
const folder = mkdtempSync(join(tmpdir(), 'jobsd-bench-'))
const indexes = Array.from({ length: clients }, (_, index) => index)
const hasHugo = spawnSync('hugo', ['version']).status === 0
const run = (file: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(import.meta.dirname, file), ...args], { stdio: 'inherit' })

try {
  await main()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function main(): Promise<void> {
  const each = Math.ceil(jobs / clients)
  for (const index of indexes) {
    writeInput(join(folder, `input-${index}`), benchWorld('bench', each, runs, index))
    if (hasHugo)
      run('hugo-site.ts', 'bench', String(each), String(runs), String(index), join(folder, `hugo-${index}`))
  }
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (const index of indexes)
      for (const which of ['ours', 'theirs'])
        rmSync(join(folder, `${which}-${index}`), { recursive: true, force: true })
    ours.push(timeS(buildOurs))
    if (hasHugo) theirs.push(timeS(() => indexes.forEach(buildHugo)))
  }
  say('our whole build', spread(ours, 's'), sizeOf('ours'))
  if (hasHugo) {
    say("Hugo's", spread(theirs, 's'), sizeOf('theirs'))
    say(
      'ratio',
      spread(
        ours.map((seconds, at) => seconds / (theirs[at] ?? Number.NaN)),
        'x',
      ),
      'ours / Hugo',
    )
  }
  sayWeight(join(folder, 'ours-0'))
  await sayKeystrokes(join(folder, 'ours-0'))
  const { wholeMs, updateMs, files } = await timeResident(
    benchWorld('bench', each, runs, 0),
    join(folder, 'kept'),
    15,
  )
  say('resident engine, whole build', `${(wholeMs / 1000).toFixed(2)} s`, '')
  say(
    'one job’s news',
    spread(updateMs, 'ms'),
    `${files} files, 1/${(wholeMs / median(updateMs)).toFixed(0)}`,
  )
}

/** One process for all clients, as `jobsd catalog` is; Hugo needs one for each site. */
function buildOurs(): void {
  const pairs = indexes.flatMap((index) => [join(folder, `input-${index}`), join(folder, `ours-${index}`)])
  run('build-child.ts', ...pairs)
}

function buildHugo(index: number): void {
  const [source, out] = [join(folder, `hugo-${index}`), join(folder, `theirs-${index}`)]
  execFileSync('hugo', ['--quiet', '--source', source, '--destination', out], { stdio: 'inherit' })
}

/** The list with all that it loads. */
function sayWeight(site: string): void {
  const files = ['index.html', 'assets/catalog.css', 'assets/catalog.js', 'assets/jobs.js'].filter((path) =>
    existsSync(join(site, path)),
  )
  const weigh = (path: string) => gzipSync(readFileSync(join(site, path))).length / 1000
  const parts = files.map((path) => `${path} ${weigh(path).toFixed(1)}`).join(', ')
  say('the list, gzip', `${files.reduce((sum, path) => sum + weigh(path), 0).toFixed(0)} kB`, parts)
}

async function sayKeystrokes(site: string): Promise<void> {
  if (findChromium() === undefined) return
  const browser = await openBrowser()
  try {
    const taken = []
    for (let round = 0; round < 7; round++) taken.push(await timeFirstKeystroke(browser, site))
    const work = spread(
      taken.map(({ workMs }) => workMs),
      'ms',
    )
    const frames = taken.map(({ frameMs }) => frameMs)
    say('first keystroke', spread(frames, 'ms'), `to the next frame; the filter's own work ${work}`)
  } finally {
    await browser.close()
  }
}

function timeS(work: () => void): number {
  const startedMs = performance.now()
  work()
  return (performance.now() - startedMs) / 1000
}

function sizeOf(which: string): string {
  let bytes = 0
  let files = 0
  for (const index of indexes)
    for (const path of readdirSync(join(folder, `${which}-${index}`), { recursive: true }) as string[]) {
      const entry = statSync(join(folder, `${which}-${index}`, path))
      if (!entry.isFile()) continue
      files += 1
      bytes += entry.size
    }
  return `${files} files, ${(bytes / 1e6).toFixed(0)} MB`
}

function spread(list: readonly number[], unit: string): string {
  const digits = unit === 'ms' ? 0 : 2
  const [low, high] = [Math.min(...list), Math.max(...list)].map((each) => each.toFixed(digits))
  return `${median(list).toFixed(digits)} ${unit} (${low} to ${high})`
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN
}

function say(what: string, figure: string, more: string): void {
  console.log(`${what.padEnd(30)} ${figure.padEnd(30)} ${more}`)
}
