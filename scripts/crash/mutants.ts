/**
 * `npm run crash:mutants [-- REGEX]`: takes away one guard of the promise after the other, in a copy, and tells whether
 * the test that should notice goes red. Exits 1 where one stays green. (`synchronous=FULL` has a traced test of its own.)
 */
import { spawn } from 'node:child_process'
import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions } from '../parse-options.ts'
import { type Mutation, mutations } from './mutations.ts'

const root = join(import.meta.dirname, '../..')
const parts = ['engine', 'jobs.d', 'schemas', 'scripts', 'templates', 'test', 'package.json']
const longestMs = 240_000

const { positionals } = parseOptions(import.meta.filename, { allowPositionals: true })
const wanted = new RegExp(positionals[0] ?? '')
const chosen = mutations.filter(({ guard }) => wanted.test(guard))
const copy = mkdtempSync(join(tmpdir(), 'jobsd-mutants-'))
process.once('exit', () => rmSync(copy, { recursive: true, force: true }))

for (const part of parts) cpSync(join(root, part), join(copy, part), { recursive: true })
copyModules(join(root, 'node_modules'), join(copy, 'node_modules'))

const table: string[][] = [['guard that was taken away', 'noticed by', 'whole', 'without']]
let isNoticed = true
const wholeness = new Map<string, boolean>()
for (const mutation of chosen) {
  const name = nameOf(mutation)
  if (!wholeness.has(name)) wholeness.set(name, await passes(mutation))
  const isWhole = wholeness.get(name) === true
  const originals = mutation.changes.map(
    ({ file }) => [file, readFileSync(join(copy, file), 'utf8')] as const,
  )
  for (const change of mutation.changes) apply(mutation.guard, change)
  const isRed = !(await passes(mutation))
  // The first of two changes to one file has the original.
  for (const [file, text] of originals.toReversed()) writeFileSync(join(copy, file), text)
  isNoticed &&= isWhole && isRed
  table.push([mutation.guard, name, isWhole ? 'green' : 'RED', isRed ? 'red' : 'GREEN'])
  console.log(table.at(-1)?.join(' | '))
}

const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)))
console.log(
  `\n${table.map((row) => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')).join('\n')}`,
)
process.exitCode = isNoticed ? 0 : 1

function nameOf({ noticedBy }: Mutation): string {
  return 'test' in noticedBy ? noticedBy.test : `crash points ${noticedBy.points}`
}

function passes({ noticedBy }: Mutation): Promise<boolean> {
  const matrix = ['scripts/crash/main.ts', '--points', '2', '--kills', '0', '--processes', '1']
  const args = 'test' in noticedBy ? [noticedBy.test] : [...matrix, '--match', noticedBy.points]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: copy,
    stdio: 'ignore',
  })
  // What never ends without its guard is noticed too.
  const timer = setTimeout(() => child.kill('SIGKILL'), longestMs)
  return new Promise((resolve) =>
    child.once('exit', (code) => {
      clearTimeout(timer)
      resolve(code === 0)
    }),
  )
}

function apply(guard: string, { file, from, to }: Mutation['changes'][number]): void {
  const text = readFileSync(join(copy, file), 'utf8')
  if (text.split(from).length !== 2) throw new Error(`the guard "${guard}" is not in ${file} once: ${from}`)
  // As a function: a `$` in the text is no pattern.
  writeFileSync(
    join(copy, file),
    text.replace(from, () => to),
  )
}

/** Links each file: templates render in a process that may not read through a link out of the folder. */
function copyModules(from: string, to: string): void {
  mkdirSync(to)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) copyModules(source, target)
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target)
    else linkOrCopy(source, target)
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    cpSync(from, to)
  }
}
