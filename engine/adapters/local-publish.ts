/** How a file comes to its final name on a local disk. */
import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { link, lstat, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { PutRequest } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'
import { alternativeNames } from '../core/free-name.ts'
import { isTemporaryName, temporaryName } from '../core/temporary-name.ts'
import { countBytes, readArtifact, readHandle, writeAll } from './local-bytes.ts'
import { isErrno } from './local-errors.ts'
import { expectNewIn } from './local-place.ts'

/**
 * Writes an artifact whole to a temporary path, on disk when it resolves with what it made; leaves nothing of its own
 * when it throws. Throws ARTIFACT_DAMAGED, VERIFY_FAILED.
 */
export async function writeTemporary(
  path: string,
  request: PutRequest,
  signal: AbortSignal,
): Promise<Identity> {
  // What an earlier put left is never written into: somebody may have put a link there.
  await rm(path, { force: true })
  const file = await open(path, 'wx+')
  let own: Identity | undefined
  try {
    own = await file.stat()
    await expectNewIn(file, dirname(path))
    await countBytes(untilAborted(readArtifact(request), signal), (chunk, position) =>
      writeAll(file, chunk, position),
    )
    if (request.mode !== undefined) await file.chmod(request.mode)
    await file.sync()
    const { size } = await file.stat()
    if (size !== request.size)
      throw new JobsdError('VERIFY_FAILED', {
        path: request.path,
        reason: `${size} of ${request.size} bytes`,
      })
    if (request.verify === 'sha256' && (await countBytes(readHandle(file))).sha256 !== request.sha256)
      throw new JobsdError('VERIFY_FAILED', { path: request.path, reason: 'another sha256' })
    signal.throwIfAborted()
    // While it is open no other file can be the same to the system.
    if (!isSameFile(own, await lookAt(path)))
      throw new JobsdError('VERIFY_FAILED', {
        path: request.path,
        reason: 'its temporary file was exchanged',
      })
    return own
  } catch (error) {
    await removeOwn(path, own)
    throw error
  } finally {
    await file.close()
  }
}

/** Removes a temporary file, but not one of an attempt that writes under the same name by now. */
export async function removeOwn(temporary: string, own: Identity | undefined): Promise<void> {
  if (isSameFile(own, await lookAt(temporary))) await removeName(temporary)
}

/**
 * Gives a whole file its final name in one step. Throws FILE_EXISTS, about `path`, when it may not replace what is
 * there; also when that appeared just now.
 */
export async function publish(
  real: string,
  target: string,
  path: string,
  overwrite: Exclude<PutRequest['overwrite'], 'rename'>,
): Promise<void> {
  const [source, there] = await Promise.all([lookAt(real), lookAt(target)])
  // A publish that was cut off between its two names; a rename between names of one file would leave both.
  if (real !== target && there && isSameFile(source, there)) return releaseName(real, there, dirname(target))
  if (overwrite === 'replace') return rename(real, target)
  try {
    // A rename would replace a file that appeared just now; a second name never does.
    await link(real, target)
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw new JobsdError('FILE_EXISTS', { path }, { cause: error })
    if (!isErrno(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK')) throw error
    // A file system without second names: looking first is the best there is.
    if (await lookAt(target)) throw new JobsdError('FILE_EXISTS', { path })
    return rename(real, target)
  }
  await releaseName(real, (await lookAt(target)) ?? source, dirname(target))
}

/** Gives a written file of a put its final name and returns its path. Throws FILE_EXISTS as `publish` does. */
export async function nameFile(
  temporary: string,
  parent: string,
  name: string,
  { path, overwrite, naming }: PutRequest,
): Promise<string> {
  if (overwrite !== 'rename') {
    await publish(temporary, join(parent, name), path, overwrite)
    return path
  }
  for (const other of alternativeNames(name)) {
    if (await lookAt(join(parent, other))) continue
    const named = path.slice(0, path.lastIndexOf('/') + 1) + other
    await naming?.(named)
    try {
      await publish(temporary, join(parent, other), named, 'fail')
      return named
    } catch (error) {
      // Somebody else took it just now.
      if (!(error instanceof JobsdError && error.code === 'FILE_EXISTS')) throw error
    }
  }
  throw new JobsdError('FILE_EXISTS', { path })
}

/**
 * Takes the old name from a file that has its new one. Another file that was put there meanwhile stays: so the name is
 * renamed before it is removed, and given back where it is no name of `own` by then. It goes to the folder of the new
 * name, where whoever looks after an end in between finds and removes it.
 */
async function releaseName(real: string, own: Stats | undefined, folder: string): Promise<void> {
  // Nobody else writes under those.
  if (isTemporaryName(basename(real))) return removeName(real)
  if (!isSameFile(own, await lookAt(real))) return
  const aside = join(folder, temporaryName(basename(real), randomUUID()))
  try {
    await rename(real, aside)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return
    throw error
  }
  if (!isSameFile(own, await lookAt(aside))) await giveBack(aside, real)
  await removeName(aside)
}

async function giveBack(aside: string, real: string): Promise<void> {
  try {
    await link(aside, real)
  } catch (error) {
    // A newer one has taken the name, and would have replaced this one.
    if (!isErrno(error, 'EEXIST')) throw error
  }
}

/** Somebody who found the file under both names may have removed this one just now. */
async function removeName(real: string): Promise<void> {
  await rm(real, { force: true })
}

/**
 * Removes the temporary names of a published file. A put that was killed between its two names leaves one, and is not
 * repeated when the file is found at its target.
 */
export async function removeTemporaryNames(folder: string, { ino, dev, nlink }: Stats): Promise<void> {
  if (nlink === 1) return
  for (const name of await readdir(folder)) {
    if (!isTemporaryName(name)) continue
    const real = join(folder, name)
    const other = await lookAt(real)
    if (isSameFile({ ino, dev }, other)) await removeName(real)
  }
}

/** What a file is, whatever it is called. */
type Identity = Pick<Stats, 'ino' | 'dev'>

function isSameFile(one: Identity | undefined, other: Identity | undefined): boolean {
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev
}

/** Looks at a path without following a link; undefined where nothing is. */
export async function lookAt(real: string): Promise<Stats | undefined> {
  return lstat(real).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  })
}

/** Passes chunks on and ends with the signal's reason as soon as it aborts. */
export async function* untilAborted(
  chunks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    yield chunk
  }
}
