import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Forge, forges, writeCi, writeRepository, writeSchemas } from '../config/scaffold/repository.ts'
import { JobsdError } from '../core/errors.ts'
import { spellCount } from '../core/spell-count.ts'
import { isTimezone } from '../core/zone.ts'
import { addFiles, showDir } from './add-files.ts'
import type { AddCommand } from './parts.ts'

interface InitOptions {
  timezone: string
  schemas?: boolean
  ci?: Forge
}

/** `jobsd init DIR`: a fresh config repository. Throws BAD_REQUEST where the folder is not empty. */
export const addInit: AddCommand = (program, parts, done) => {
  program
    .command('init')
    .summary('a fresh config repository, with an example to try out')
    .argument('[dir]', 'an empty folder, or one to be made', '.')
    .option('--timezone <zone>', "the example client's time zone", toTimezone, 'America/Chicago')
    .addOption(new Option('--ci <forge>', 'with its checks on pull requests').choices(forges))
    .option('--schemas', 'only bring the schemas of an existing repository up to date')
    .action(async (dir: string, options: InitOptions, command: Command) => {
      const json = command.optsWithGlobals<{ json?: boolean }>().json ?? false
      if (options.schemas) {
        const changed = await updateSchemas(dir)
        parts.print(
          json
            ? JSON.stringify({ files: changed, problems: [] }, null, 2)
            : `${join(dir, 'schemas')}: ${changed.length > 0 ? `${spellCount(changed.length, 'file')} changed` : 'up to date'}`,
        )
        return done(0)
      }
      refuseUsed(dir)
      await mkdir(dir, { recursive: true })
      const files = [
        ...writeRepository(resolve(dir), options.timezone, parts.now().getTime()),
        ...(options.ci ? writeCi(options.ci) : []),
      ]
      const next = [
        ...(resolve(dir) === process.cwd() ? [] : [`cd${showDir(dir)}`]),
        'jobsd validate',
        'jobsd run example/eod-call-detail',
        'jobsd new client',
        ...(options.ci ? [`docs/ci.md of jobsd says what is left to do on ${options.ci}`] : []),
      ]
      // Operators' documents of elsewhere have no part in a fresh repository.
      const own = { ...parts, env: { ...parts.env, JOBSD_PLATFORM: undefined } }
      done(await addFiles(own, { dir, platform: undefined, json }, files, next))
    })
}

/** A Git repository without files counts as empty. */
function refuseUsed(dir: string): void {
  const found = listEntries(dir).filter((name) => name !== '.git')
  if (found.length === 0) return
  const reason = `${dir} is not empty (${found.slice(0, 3).join(', ')}${found.length > 3 ? ', ...' : ''}); nothing was written`
  throw new JobsdError('BAD_REQUEST', { reason })
}

function listEntries(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    if (code === 'ENOTDIR') throw new JobsdError('BAD_REQUEST', { reason: `${dir} is no folder` })
    throw error
  }
}

/** Writes the schemas that differ and removes those that are no more. Returns their paths. */
async function updateSchemas(dir: string): Promise<string[]> {
  if (!existsSync(join(dir, 'jobs.d'))) {
    throw new JobsdError('BAD_REQUEST', { reason: `${dir} has no jobs.d: it is no config repository` })
  }
  const wanted = new Map(writeSchemas().map(({ path, text }) => [path, text]))
  const changed: string[] = []
  for (const [path, text] of wanted) {
    const target = join(dir, path)
    if (existsSync(target) && (await readFile(target, 'utf8')) === text) continue
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, text)
    changed.push(path)
  }
  const there = listSchemas(join(dir, 'schemas')).map((path) => `schemas/${path.replaceAll('\\', '/')}`)
  for (const path of there.filter((each) => !wanted.has(each))) {
    await rm(join(dir, path))
    changed.push(path)
  }
  return changed
}

function listSchemas(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'))
}

function toTimezone(text: string): string {
  if (isTimezone(text)) return text
  throw new InvalidArgumentError('It is no time zone; write an IANA name such as America/Chicago.')
}
