/**
 * `npm run bench -- [--jobs N] [--rounds N]`: `jobsd validate` beside ajv-cli on the same generated jobs, in
 * turns, as medians and their ratio; then what an engine that runs needs for one changed file. ajv-cli comes from npm
 * into a temporary folder; it checks the jobs alone and against their schema alone, jobsd all files and all rules.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFolderSource } from '../../engine/adapters/folder-source.ts'
import { loadConfigAside } from '../../engine/config/load.ts'
import { createManifestReader } from '../../engine/config/manifest-reader.ts'
import { parseOptions } from '../parse-options.ts'
import { installAjvCli } from './ajv-cli.ts'
import { generateRepository, writeFiles } from './config-repository.ts'

const root = join(import.meta.dirname, '../..')
const { values } = parseOptions(import.meta.filename, {
  options: { jobs: { type: 'string' }, rounds: { type: 'string' } },
})
const jobs = Number(values.jobs ?? 10_000)
const rounds = Number(values.rounds ?? 5)

/** Milliseconds from start to end of one Node process. Throws where it does not end well. */
function timeProcess(args: string[], cwd: string): number {
  const begun = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(`${args[0]} ended with ${status}: ${stderr}`)
  return performance.now() - begun
}

async function timeWork(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!
}

function describe(name: string, ms: readonly number[], against?: readonly number[]): string {
  const range = `${Math.round(Math.min(...ms))}-${Math.round(Math.max(...ms))}`
  const ratio = against ? `  ${(median(ms) / median(against)).toFixed(2)}x` : ''
  return `${name.padEnd(34)}${String(Math.round(median(ms))).padStart(7)} ms  (${range})${ratio}`
}

/** What a running engine does for a change: all is known but one file. */
async function timeReload(
  folder: string,
): Promise<{ first: number; unchanged: number[]; changed: number[] }> {
  const signal = new AbortController().signal
  const standard = await createFolderSource(root, ['templates']).read(signal)
  const tree = await createFolderSource(folder).read(signal)
  const reader = createManifestReader()
  const load = (files: typeof tree.files) =>
    loadConfigAside({ revision: 'bench', files }, { standard, reader })
  const first = await timeWork(() => load(tree.files))
  const unchanged: number[] = []
  const changed: number[] = []
  const [path, file] = [...tree.files].find(([name]) => name.includes('job-'))!
  for (let round = 0; round < rounds; round++) {
    unchanged.push(await timeWork(() => load(tree.files)))
    const content = new TextEncoder().encode(`${new TextDecoder().decode(file.content)}# ${round}\n`)
    const edited = { ...file, size: content.byteLength, content }
    changed.push(await timeWork(() => load(new Map([...tree.files, [path, edited]]))))
  }
  return { first, unchanged, changed }
}

const folder = mkdtempSync(join(tmpdir(), 'jobsd-bench-'))
try {
  const ajvCli = installAjvCli(folder, join(root, 'schemas'))
  const repository = join(folder, 'repository')
  writeFiles(repository, generateRepository(jobs))
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push(timeProcess([join(root, 'engine/main.ts'), 'validate', repository], repository))
    theirs.push(timeProcess([...ajvCli, '-d=jobs.d/client-*/job-*.yaml'], repository))
  }
  console.log(`${jobs} jobs, ${rounds} rounds in turns, medians`)
  console.log(describe('ajv-cli', theirs))
  console.log(describe('jobsd validate', ours, theirs))
  const { first, unchanged, changed } = await timeReload(repository)
  console.log(describe('in one process: the first load', [first]))
  console.log(describe('nothing changed', unchanged, theirs))
  console.log(describe('one file changed', changed, theirs))
} finally {
  rmSync(folder, { recursive: true })
}
