/** New manifests into a config repository: never over a file that is there, and checked with all the others. */
import { existsSync } from 'node:fs'
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { formatProblem } from '../config/problems.ts'
import { readText } from '../config/templates.ts'
import type { NewFile } from '../config/write-manifest.ts'
import { JobsdError } from '../core/errors.ts'
import type { CliParts } from './parts.ts'
import { readConfig } from './read-config.ts'

const platformFolder = 'jobs.d/platform/'

export interface Target {
  dir: string
  /** Where the operators' documents are instead of jobs.d/platform. */
  platform: string | undefined
  json: boolean
}

/** `--dir`, as it stands in a command that is shown. */
export function showDir(dir: string): string {
  if (dir === '.') return ''
  return /^[\w./~-]+$/.test(dir) ? ` ${dir}` : ` '${dir.replaceAll("'", "'\\''")}'`
}

/**
 * Writes the files, checks the whole repository, prints the files, their problems and what to do next. Returns the
 * exit code: 1 when a new file has an error. Throws BAD_REQUEST, with nothing written, where one is there already.
 */
export async function addFiles(
  parts: CliParts,
  { dir, platform, json }: Target,
  files: NewFile[],
  next: string[],
): Promise<number> {
  const operators = platform ?? parts.env.JOBSD_PLATFORM
  const isOperators = (path: string) => operators !== undefined && path.startsWith(platformFolder)
  await writeNew(
    dir,
    files.filter(({ path }) => !isOperators(path)),
    () =>
      writeNew(
        operators ?? dir,
        files
          .filter(({ path }) => isOperators(path))
          .map(({ path, text }) => ({ path: path.slice(platformFolder.length), text })),
      ),
  )
  const config = await readConfig(parts, dir, operators)
  const own = new Set(files.map(({ path }) => path))
  const problems = config.problems.filter(({ file }) => own.has(file))
  if (json) {
    parts.print(JSON.stringify({ files: files.map(({ path }) => path), problems }, null, 2))
  } else {
    const shown = files.filter(({ path }) => !path.startsWith('schemas/'))
    if (shown.length < files.length)
      parts.print(`new  ${join(dir, 'schemas/')}  what editors complete and check by`)
    for (const { path } of shown) {
      const place = isOperators(path)
        ? join(operators ?? '', path.slice(platformFolder.length))
        : join(dir, path)
      parts.print(`new  ${place}`)
    }
    for (const problem of problems) parts.print(formatProblem(problem, readText(config, problem.file)))
    if (next.length > 0) parts.print(['', 'Next:', ...next.map((line) => `  ${line}`)].join('\n'))
  }
  return problems.some(({ severity }) => severity === 'error') ? 1 : 0
}

/**
 * Writes files that are not there yet, below a folder and through no link that leads out of it; then `also`. All or
 * none: what was written is removed again when something fails. Throws BAD_REQUEST.
 */
export async function writeNew(folder: string, files: NewFile[], also?: () => Promise<void>): Promise<void> {
  for (const { path } of files) {
    if (existsSync(join(folder, path))) {
      const reason = `${join(folder, path)} is there already; nothing was written`
      throw new JobsdError('BAD_REQUEST', { reason })
    }
  }
  const written: string[] = []
  try {
    for (const { path, text } of files) {
      const target = join(folder, path)
      await mkdir(dirname(target), { recursive: true })
      await refuseOutside(folder, dirname(target))
      await writeFile(target, text, { flag: 'wx' })
      written.push(target)
    }
    await also?.()
  } catch (error) {
    for (const path of written) await rm(path, { force: true })
    throw translate(error)
  }
}

async function refuseOutside(folder: string, inner: string): Promise<void> {
  const way = relative(await realpath(folder), await realpath(inner))
  if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return
  throw new JobsdError('BAD_REQUEST', { reason: `${inner} leads out of ${folder}; nothing was written` })
}

const reasons: Record<string, string> = {
  EEXIST: 'it is there already',
  EACCES: 'it may not be written',
  EPERM: 'it may not be written',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is no folder',
}

function translate(error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException
  const reason = code === undefined ? undefined : reasons[code]
  if (reason === undefined) return error
  return new JobsdError('BAD_REQUEST', { reason: `cannot write ${path}: ${reason}` }, { cause: error })
}
