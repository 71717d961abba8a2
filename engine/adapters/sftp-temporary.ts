/** How a file is written under its temporary name. */
import { open } from 'node:fs/promises'
import type { Stats } from 'ssh2'
import type { PutRequest } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'
import { countBytes } from './local-bytes.ts'
import { readBody, windowOf, writeBody } from './sftp-bodies.ts'
import { isStatus, NO_SUCH_FILE, translateStatus } from './sftp-errors.ts'
import type { SftpWire } from './sftp-operation.ts'
import { kindOf, lookAt } from './sftp-tree.ts'

export const FSYNC = 'fsync@openssh.com'
/** Smaller files are written anew: going on costs a look and a reading back. */
const RESUME_BYTES = 8 * 1024 * 1024
/** Less than any request carries. */
const TAIL_BYTES = 16 * 1024
const MODE_BITS = 0o7777

/** Whether a put that ended with this error leaves what it wrote, for a repeat to go on from. */
export function mayResume({ size }: Pick<PutRequest, 'size'>, error: unknown): boolean {
  if (size < RESUME_BYTES || !(error instanceof JobsdError)) return false
  return ['ENDPOINT_UNREACHABLE', 'ENDPOINT_TIMEOUT', 'STEP_TIMEOUT'].includes(error.code)
}

/** A file that is whole under its temporary name, and still open. Closing throws TARGET_FULL as writing does. */
export interface WholeFile {
  temporary: string
  close(): Promise<void>
}

/**
 * Writes a whole file under a temporary name, as safe as the server can make it, its size verified, and its bytes where
 * that is asked or where it went on from what an earlier put left. Throws VERIFY_FAILED, TARGET_FULL.
 */
export async function writeTemporary(
  wire: SftpWire,
  connection: string,
  temporary: string,
  request: PutRequest,
): Promise<WholeFile> {
  const resumed = await openAgain(wire, temporary, request)
  const { handle, position } = resumed ?? { handle: await openNew(wire, temporary), position: 0 }
  try {
    await writeBody(wire, handle, request, position)
    await setMode(wire, handle, connection, request)
    // All is written: neither minds which of them the server does first.
    await Promise.all([sync(wire, handle), verifySize(wire, handle, request)])
    if (resumed || request.verify === 'sha256') await verifyBytes(wire, handle, request)
  } catch (error) {
    throw translateStatus(error, connection, request.path, true)
  }
  return {
    temporary,
    close: () =>
      wire.close(handle).catch((error: unknown) => {
        throw translateStatus(error, connection, request.path, true)
      }),
  }
}

/** Makes a file that nobody else has open. */
async function openNew(wire: SftpWire, temporary: string): Promise<Buffer> {
  try {
    return await wire.open(temporary, 'write-new')
  } catch (error) {
    // What an earlier put left is never opened unread: somebody may have put a link there.
    if (!isStatus(error) || isStatus(error, NO_SUCH_FILE) || !(await lookAt(wire, temporary))) throw error
    await removeIfThere(wire, temporary)
    return wire.open(temporary, 'write-new')
  }
}

/**
 * Opens what an earlier put of this artifact left, where it pays, and tells where to go on; undefined to begin anew.
 * Its last bytes are read through the handle that is written to: a link to another file would have to lead to one of
 * our own bytes. They only decide whether it is tried; what was written is read back as a whole afterwards.
 */
async function openAgain(
  wire: SftpWire,
  temporary: string,
  request: PutRequest,
): Promise<{ handle: Buffer; position: number } | undefined> {
  if (request.size < RESUME_BYTES) return undefined
  const there = await lookAt(wire, temporary)
  // The last requests may have been done in any order: behind the one that ended the file there may be gaps.
  const safe = Math.min(there?.size ?? 0, request.size) - windowOf(wire) * wire.chunkBytes
  const position = Math.floor(safe / wire.chunkBytes) * wire.chunkBytes
  if (!there || kindOf(there.mode) !== 'file' || there.size > request.size || position < TAIL_BYTES)
    return undefined
  const handle = await wire.open(temporary, 'read-write')
  const tail = await readRemote(wire, handle, position - TAIL_BYTES)
  if (tail.equals(await readLocal(request.localPath, position - TAIL_BYTES))) return { handle, position }
  await wire.close(handle)
  return undefined
}

async function readRemote(wire: SftpWire, handle: Buffer, start: number): Promise<Buffer> {
  for await (const chunk of readBody(wire, handle, start + TAIL_BYTES, start))
    return chunk.subarray(0, TAIL_BYTES)
  return Buffer.alloc(0)
}

async function readLocal(localPath: string, start: number): Promise<Buffer> {
  const file = await open(localPath, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Sets the permissions on the handle, before anybody can know the name. Throws TARGET_REFUSED where a server will not. */
async function setMode(
  wire: SftpWire,
  handle: Buffer,
  connection: string,
  { mode, path }: PutRequest,
): Promise<void> {
  if (mode === undefined) return
  try {
    await wire.ask((sftp, done) => sftp.fsetstat(handle, { mode } as never, done))
  } catch (error) {
    if (!isStatus(error)) throw error
    throw refuseMode(connection, path, mode, error)
  }
  const set = await wire.ask<Stats>((sftp, done) => sftp.fstat(handle, done))
  // Some servers say yes and do nothing.
  if (set.mode !== undefined && (set.mode & MODE_BITS) !== mode) throw refuseMode(connection, path, mode)
}

function refuseMode(connection: string, path: string, mode: number, cause?: Error): JobsdError {
  const reason = `the server does not set permissions ${mode.toString(8).padStart(4, '0')}`
  return new JobsdError('TARGET_REFUSED', { connection, path, reason }, { cause })
}

async function sync(wire: SftpWire, handle: Buffer): Promise<void> {
  if (wire.announces(FSYNC)) await wire.ask((sftp, done) => sftp.ext_openssh_fsync(handle, done))
}

async function verifySize(wire: SftpWire, handle: Buffer, { path, size: wanted }: PutRequest): Promise<void> {
  const { size } = await wire.ask<Stats>((sftp, done) => sftp.fstat(handle, done))
  if (size !== wanted) throw new JobsdError('VERIFY_FAILED', { path, reason: `${size} of ${wanted} bytes` })
}

async function verifyBytes(
  wire: SftpWire,
  handle: Buffer,
  { path, size, sha256 }: PutRequest,
): Promise<void> {
  wire.allowBytes(size)
  const back = await countBytes(readBody(wire, handle, size))
  if (back.sha256 !== sha256) throw new JobsdError('VERIFY_FAILED', { path, reason: 'another sha256' })
}

/** Removes a file by its server path; content where there is none. */
export async function removeIfThere(wire: SftpWire, real: string): Promise<void> {
  await wire
    .ask((sftp, done) => sftp.unlink(real, done))
    .catch((error: unknown) => {
      if (!isStatus(error, NO_SUCH_FILE)) throw error
    })
}
