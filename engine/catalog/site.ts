/** A client's site: all of its pages, and the folder that shows them under file:// or any web server. */
import { lstat, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { JobsdError } from '../core/errors.ts'
import type { JobView } from './job-view.ts'
import { loadAssets, renderHelpPages, renderJob, renderSharedPages } from './pages.ts'
import type { ClientView } from './views.ts'

/** Every page carries it; a file without it was not made here and is never deleted. */
const ownMark = '<meta name="generator" content="jobsd catalog">'
const jobName = /^[a-z0-9]+(-[a-z0-9]+)*$/
const pathPattern = /^([a-z0-9][a-z0-9._-]*\/)*[a-z0-9][a-z0-9._-]*$/i
/** Where pages go when what they show is gone. */
const ownFolders = ['', 'jobs/', 'calendar/', 'reports/']
const listPage = /^jobs-\d+\.html$/
const filesAtOnce = 32

/**
 * A client's pages, each made when it is asked for: `assets/*`, help, `jobs/<name>.html`, calendar, reports, and the
 * list last. The same view gives the same bytes. Throws BAD_REQUEST for a job name that is no file name.
 */
export function* renderClientSite(view: ClientView): Generator<[path: string, content: string]> {
  yield* loadAssets()
  yield* renderHelpPages(view)
  for (const { name } of view.jobs) yield renderJobPage(view, view.job(name))
  yield* renderSharedPages(view)
}

/** One job's page with its path. Throws BAD_REQUEST for a job name that is no file name. */
export function renderJobPage(view: ClientView, job: JobView): [string, string] {
  return [pathOf(job.name), renderJob(view, job)]
}

/**
 * Makes a folder hold these files, by relative path, in their order. Readers never see half a file, unchanged files are
 * left alone, and with `isWhole` pages of what is gone are deleted; other files stay. One writer a folder. Returns how
 * many files it wrote anew. Throws SITE_FAILED where it cannot, and for a path that leads outside, before that is written.
 */
export async function writeSite(
  folder: string,
  files: Iterable<[string, string]> | AsyncIterable<[string, string]>,
  { isWhole = true }: { isWhole?: boolean } = {},
): Promise<number> {
  const paths = new Set<string>()
  let written = 0
  let part: Promise<boolean>[] = []
  try {
    await mkdir(folder, { recursive: true })
    const root = await realpath(folder)
    const settle = async (): Promise<void> => {
      for (const isNew of await Promise.all(part)) if (isNew) written += 1
      part = []
    }
    for await (const [path, content] of files) {
      if (!pathPattern.test(path))
        throw new JobsdError('SITE_FAILED', { folder, reason: 'a path leads outside' })
      const isList = !path.includes('/')
      if (!paths.has(dirname(path))) await makeFolders(root, dirname(path))
      paths.add(path).add(dirname(path))
      // The list comes last: it never links to a page that is not there yet.
      if (isList || part.length === filesAtOnce) await settle()
      part.push(replaceFile(join(root, path), content))
    }
    await settle()
    if (isWhole) for (const own of ownFolders) await deleteStalePages(root, own, paths)
  } catch (error) {
    // Those that were on their way end first: nothing is written any more once this has failed.
    await Promise.allSettled(part)
    const code = errnoOf(error)
    if (code === undefined) throw error
    throw new JobsdError('SITE_FAILED', { folder, reason: code }, { cause: error })
  }
  return written
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

async function replaceFile(path: string, content: string): Promise<boolean> {
  if ((await readPlainFile(path)) === content) return false
  const temporary = join(dirname(path), `.${basename(path)}.tmp`)
  // Whatever an interrupted write left, or a link that somebody put there, is removed and never followed.
  await rm(temporary, { force: true })
  try {
    await writeFile(temporary, content, { flag: 'wx' })
    await rename(temporary, path)
    return true
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

async function deleteStalePages(root: string, folder: string, paths: ReadonlySet<string>): Promise<void> {
  const names = (await readdir(join(root, folder)).catch(ignore('ENOENT'))) ?? []
  for (const name of names) {
    if (!name.endsWith('.html') || paths.has(`${folder}${name}`)) continue
    if (folder === '' && !listPage.test(name)) continue
    const path = join(root, folder, name)
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
