/** A bare repository that is ours alone: whatever happens to it, it can be fetched anew. */
import { chmod, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { JobsdError } from '../core/errors.ts'
import { keyFolderPrefix } from './git-access.ts'
import { runGitGroup } from './git-group.ts'

export interface GitMirror {
  folder: string
  /**
   * Does something with the mirror, which is made where there is none. Where that throws GIT_FAILED, the mirror may be
   * damaged: it is done once more with a new one, and the old one goes if that went well. Throws what the work throws,
   * GIT_MISSING, STORAGE_FAILED.
   */
  use<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

/** Keeps a mirror in a folder. Only one may: locks in it that nobody here holds are a dead engine's. */
export function createMirror(folder: string): GitMirror {
  const aside = `${folder}.old`
  let isTidy = false

  async function attempt<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (!isTidy) await tidy(folder)
    isTidy = false
    const found = await lstat(folder).catch(translateMissing)
    if (!found?.isDirectory()) await makeMirror(folder, signal)
    const result = await work()
    isTidy = true
    return result
  }

  async function attemptAnew<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await rename(folder, aside).catch(translateMissing)
    try {
      const result = await attempt(work, signal)
      await rm(aside, { recursive: true, force: true })
      return result
    } catch (error) {
      // It was not the mirror, then: the old one knows the history.
      await rm(folder, { recursive: true, force: true })
      await rename(aside, folder).catch(translateMissing)
      throw error
    }
  }

  return {
    folder,
    async use(work, signal) {
      try {
        // A dead engine may have been at making it anew.
        await rm(aside, { recursive: true, force: true })
        return await attempt(work, signal).catch((error: unknown) => {
          if (isDamage(error)) return attemptAnew(work, signal)
          throw error
        })
      } catch (error) {
        throw translateStorage(error)
      }
    },
  }
}

/** All files that are touched here are the mirror's, so whatever the disk or its permissions answer is about them. */
function translateStorage(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (error instanceof JobsdError || code === undefined || syscall === undefined) return error
  return new JobsdError('STORAGE_FAILED', { reason: `${code} in the mirror of the source` }, { cause: error })
}

function isDamage(error: unknown): boolean {
  return error instanceof JobsdError && error.code === 'GIT_FAILED'
}

async function makeMirror(folder: string, signal: AbortSignal): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
  await mkdir(folder, { mode: 0o700 })
  const args = ['init', '--quiet', '--bare', '--template=', '--', '.']
  const { code, told } = await runGitGroup(folder, args, {}, signal)
  if (code !== 0) throw new JobsdError('STORAGE_FAILED', { reason: told.trim().split('\n')[0] || 'git init' })
}

/** Removes what a killed fetch left: locks, half packs, keys. */
async function tidy(folder: string): Promise<void> {
  const found = await lstat(folder).catch(translateMissing)
  if (!found?.isDirectory()) return
  await chmod(folder, 0o700)
  for (const path of await readdir(folder, { recursive: true })) {
    if (isLeftover(path)) await rm(join(folder, path), { recursive: true, force: true })
  }
}

function isLeftover(path: string): boolean {
  const name = basename(path)
  return /\.lock$|\.keep$|^tmp_|^gc\.pid$/.test(name) || (path === name && name.startsWith(keyFolderPrefix))
}

function translateMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
