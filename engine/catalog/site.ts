/** A client's site: all of its pages, and the folder that shows them under file:// or any web server. */
import { lstat, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { JobsdError } from '../core/errors.ts'
import { loadAssets, renderJob, renderList } from './pages.ts'
import type { ClientView } from './views.ts'

/** Every page carries it; a file without it was not made here and is never deleted. */
const ownMark = '<meta name="generator" content="jobsd catalog">'
const jobName = /^[a-z0-9]+(-[a-z0-9]+)*$/
const pathPattern = /^([a-z0-9][a-z0-9._-]*\/)*[a-z0-9][a-z0-9._-]*$/i
const filesAtOnce = 32

/**
 * Renders a client's pages: relative path to content, `index.html`, `jobs/<name>.html` and `assets/*`.
 * The same view gives the same bytes. Throws BAD_REQUEST for a job name that is no file name.
 */
export function renderClientSite(view: ClientView): Map<string, string> {
  const jobPages = view.jobs.map((job): [string, string] => [pathOf(job.name), renderJob(view, job)])
  return new Map([...loadAssets(), ...jobPages, ['index.html', renderList(view)]])
}

/**
 * Makes a folder hold these files, by relative path. Readers never see half a file, unchanged files are left alone,
 * and pages of jobs that are gone are deleted; other files stay. One writer a folder.
 * Throws SITE_FAILED where it cannot, and before anything is written where a path leads outside.
 */
export async function writeSite(folder: string, files: Map<string, string>): Promise<void> {
  const outside = [...files.keys()].find((path) => !pathPattern.test(path))
  if (outside !== undefined) throw new JobsdError('SITE_FAILED', { folder, reason: 'a path leads outside' })
  try {
    await mkdir(folder, { recursive: true })
    const root = await realpath(folder)
    for (const path of new Set([...files.keys()].map(dirname))) await makeFolders(root, path)
    // The list comes last: it never links to a page that is not there yet.
    const [list, others] = partition([...files], ([path]) => path === 'index.html')
    for (let start = 0; start < others.length; start += filesAtOnce) {
      const part = others.slice(start, start + filesAtOnce)
      await Promise.all(part.map(([path, content]) => replaceFile(join(root, path), content)))
    }
    for (const [path, content] of list) await replaceFile(join(root, path), content)
    await deleteStalePages(join(root, 'jobs'), files)
  } catch (error) {
    const code = errnoOf(error)
    if (code === undefined) throw error
    throw new JobsdError('SITE_FAILED', { folder, reason: code }, { cause: error })
  }
}

function pathOf(name: string): string {
  if (!jobName.test(name)) throw new JobsdError('BAD_REQUEST', { reason: 'a job name is no file name' })
  return `jobs/${name}.html`
}

/** Makes the folders one by one: a link among them would lead the pages elsewhere. */
async function makeFolders(root: string, path: string): Promise<void> {
  if (path === '.') return
  await makeFolders(root, dirname(path))
  const folder = join(root, path)
  await mkdir(folder).catch(ignore('EEXIST'))
  if (!(await lstat(folder)).isDirectory()) {
    throw new JobsdError('SITE_FAILED', { folder: root, reason: `${path} is not a folder` })
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  if ((await readPlainFile(path)) === content) return
  const temporary = join(dirname(path), `.${basename(path)}.tmp`)
  // Whatever an interrupted write left, or a link that somebody put there, is removed and never followed.
  await rm(temporary, { force: true })
  try {
    await writeFile(temporary, content, { flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** The text of a file; undefined where there is none, or something else. */
async function readPlainFile(path: string): Promise<string | undefined> {
  const entry = await lstat(path).catch(ignore('ENOENT'))
  return entry?.isFile() ? readFile(path, 'utf8') : undefined
}

async function deleteStalePages(folder: string, files: Map<string, string>): Promise<void> {
  const names = (await readdir(folder).catch(ignore('ENOENT'))) ?? []
  for (const name of names) {
    if (!name.endsWith('.html') || files.has(`jobs/${name}`)) continue
    const path = join(folder, name)
    if ((await readPlainFile(path))?.includes(ownMark)) await rm(path, { force: true })
  }
}

function ignore(code: string): (error: unknown) => undefined {
  return (error) => {
    if (errnoOf(error) !== code) throw error
    return undefined
  }
}

function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && !(error instanceof JobsdError) && 'code' in error ? error.code : ''
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : undefined
}

function partition<T>(items: T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}
