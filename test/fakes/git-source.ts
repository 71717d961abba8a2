/** A Git source of a small repository, and looks at what git does for it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createGitSource, type GitSourceOptions } from '../../engine/adapters/git-source.ts'
import type { ConfigSource, SourceTree } from '../../engine/core/contracts/config-source.ts'
import type { Secrets } from '../../engine/core/contracts/services.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import { Secret } from '../../engine/core/secret.ts'
import { createRepository, placeOf } from './git-remote.ts'

/** Secrets that are given, with the names that were asked for. */
export function secretsOf(values: Record<string, string>): Secrets & { asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async resolve(name) {
      asked.push(name)
      const value = values[name]
      if (value === undefined) throw new JobsdError('SECRET_MISSING', { name, variable: name.toUpperCase() })
      return new Secret(value)
    },
  }
}

export function sourceOf(mirror: string, url: string, options: Partial<GitSourceOptions> = {}): ConfigSource {
  return createGitSource({ url, branch: 'main', path: '', mirror, secrets: secretsOf({}), ...options })
}

/** A repository with one commit, and a source of it. */
export function startSource(t: Test, options: Partial<GitSourceOptions> = {}) {
  const { remotes, mirror } = placeOf(t)
  const repository = createRepository(join(remotes, 'config.git'))
  const commit = repository.commit({ 'jobs.d/acme/eod.yaml': 'a: 1\n' })
  return { remotes, mirror, repository, commit, source: sourceOf(mirror, repository.url, options) }
}

/** Puts a git before the real one that keeps arguments, environment and, of cat-file, the questions. */
export function watchGit(t: Test): {
  calls(command: string): string[][]
  asked(): string[]
  environment(): string
} {
  const folder = join(t.testdirName, 'spy')
  const path = process.env.PATH ?? ''
  const real = path
    .split(':')
    .map((place) => join(place, 'git'))
    .find((file) => existsSync(file))
  // In JavaScript: a shell alone has neither cat nor tee.
  const script = `
import { spawn } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
const args = process.argv.slice(2)
appendFileSync('${folder}/calls', args.map((arg) => arg + '\\x1f').join('') + '\\n')
const lines = Object.entries(process.env).map(([name, value]) => name + '=' + value + '\\n')
if (args.includes('fetch')) writeFileSync('${folder}/environment', lines.join(''))
const isAsked = args.includes('cat-file')
const child = spawn('${real}', args, { stdio: [isAsked ? 'pipe' : 'inherit', 'inherit', 'inherit'] })
if (isAsked) {
  process.stdin.on('data', (chunk) => appendFileSync('${folder}/asked', chunk))
  process.stdin.pipe(child.stdin)
}
child.on('close', (code) => process.exit(code ?? 1))
`
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'spy.mjs'), script)
  const start = `#!/bin/sh\nexec '${process.execPath}' '${folder}/spy.mjs' "$@"\n`
  writeFileSync(join(folder, 'bin/git'), start, { mode: 0o755 })
  process.env.PATH = `${folder}/bin:${path}`
  t.teardown(() => {
    process.env.PATH = path
  })
  const linesOf = (name: string) => {
    const file = join(folder, name)
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
  }
  return {
    calls: (command) =>
      linesOf('calls')
        .map((line) => line.split('\x1f').slice(0, -1))
        .filter((args) => args.includes(command)),
    asked: () => linesOf('asked'),
    environment: () => linesOf('environment').sort().join('\n'),
  }
}

export function textOf(tree: SourceTree, path: string): string {
  return Buffer.from(tree.files.get(path)!.content).toString()
}

export function pathsOf({ files }: SourceTree): string[] {
  return [...files.keys()].sort()
}

/** What a promise was rejected with. */
export async function errorOf(promise: Promise<unknown>): Promise<JobsdError> {
  const error = await promise.then(
    () => undefined,
    (each: unknown) => each,
  )
  if (error instanceof JobsdError) return error
  throw error ?? new Error('nothing was thrown')
}

/** Keys, locks and halves of packs in a mirror. */
export function leftoversOf(mirror: string): string[] {
  const paths = readdirSync(mirror, { recursive: true, encoding: 'utf8' })
  return paths.filter((path) => /ssh-|\.lock$|tmp_/.test(path))
}

/** The command lines of all processes; none where the system has no /proc. */
export function listCommandLines(): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(readCommandLine)
}

function readCommandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    // It ended meanwhile.
    return ''
  }
}
