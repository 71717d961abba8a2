import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..')
const engine = join(root, 'engine')

/** What each folder may import besides itself. `app.ts` and `main.ts` may import all. */
const table: Record<string, string[]> = {
  core: [],
  reports: ['core'],
  triggers: ['core'],
  adapters: ['core'],
  config: ['core', 'reports'],
  steps: ['core', 'reports'],
  catalog: ['core', 'reports'],
  runtime: ['core', 'config'],
  server: ['core', 'runtime', 'catalog'],
  cli: ['core', 'config', 'runtime', 'catalog'],
}

interface Source {
  /** Relative to engine/, `/`-separated. */
  path: string
  text: string
}

/** Every module named by an import, an export, a dynamic import or a require. */
function importsOf(text: string): string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\brequire\s*\(\s*)['"]([^'"]+)['"]/g
  return [...text.matchAll(pattern)].map((match) => match[1] as string)
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : 'app'
}

/** `file -> import` for each import that the table forbids. */
function forbiddenImports(sources: Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const folder = folderOf(path)
    if (folder === 'app') return []
    const allowed = [folder, ...(table[folder] ?? [])]
    return importsOf(text)
      .filter((name) => name.startsWith('.'))
      .filter((name) => {
        const target = relative(engine, join(engine, dirname(path), name))
          .split(sep)
          .join('/')
        return !allowed.includes(folderOf(target))
      })
      .map((name) => `${path} -> ${name}`)
  })
}

/** The folders in which each npm package is imported. */
function packageFolders(sources: Source[]): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>()
  for (const { path, text } of sources) {
    for (const name of importsOf(text)) {
      if (name.startsWith('.') || isBuiltin(name)) continue
      const packageName = name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/')
      folders.set(packageName, (folders.get(packageName) ?? new Set()).add(folderOf(path)))
    }
  }
  return folders
}

function readSources(): Source[] {
  return readdirSync(engine, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: path.split(sep).join('/'), text: readFileSync(join(engine, path), 'utf8') }))
}

const sources = readSources()

t.test('each folder imports only what the table allows', async (t) => {
  t.ok(sources.length > 50, 'the engine was found')
  t.same(forbiddenImports(sources), [])
  t.same(
    [...new Set(sources.map(({ path }) => folderOf(path)))].filter(
      (folder) => folder !== 'app' && !(folder in table),
    ),
    [],
    'every folder is in the table',
  )
})

t.test('a planted forbidden import is found, however it is written', async (t) => {
  const planted = [
    ["import { x } from '../runtime/engine.ts'", '../runtime/engine.ts'],
    ["import type { X } from '../adapters/secrets.ts'", '../adapters/secrets.ts'],
    ["export * from '../cli/run.ts'", '../cli/run.ts'],
    ["const x = await import('../config/load.ts')", '../config/load.ts'],
    ["import '../app.ts'", '../app.ts'],
  ] as const
  for (const [text, name] of planted) {
    t.same(forbiddenImports([...sources, { path: 'core/planted.ts', text }]), [`core/planted.ts -> ${name}`])
  }
})

t.test('core is pure: no I/O, no clock, no random', async (t) => {
  const impure = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\.|\bawait fetch\(|\bsetTimeout\(/
  const core = sources.filter(({ path }) => folderOf(path) === 'core')
  t.same(
    core.filter(({ text }) => impure.test(text)).map(({ path }) => path),
    [],
  )
  t.same(
    core.filter(({ text }) => importsOf(text).some((name) => !name.startsWith('.'))).map(({ path }) => path),
    [],
  )
})

t.test('each npm package lives in one folder', async (t) => {
  const shared = [...packageFolders(sources)].filter(([, folders]) => folders.size > 1)
  t.same(
    shared.map(([name, folders]) => `${name}: ${[...folders].join(', ')}`),
    [],
  )
})

t.test('only main.ts ends the process', async (t) => {
  const ending = sources.filter(({ text }) => /\bprocess\.exit\(/.test(text)).map(({ path }) => path)
  t.same(ending, ['main.ts'])
})
