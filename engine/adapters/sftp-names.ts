/** How a whole file gets its final name on an SFTP server. */
import type { PutRequest } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'
import { isStatus } from './sftp-errors.ts'
import type { SftpWire } from './sftp-operation.ts'
import { FSYNC, removeIfThere, type WholeFile } from './sftp-temporary.ts'
import { lookAt } from './sftp-tree.ts'

export const POSIX_RENAME = 'posix-rename@openssh.com'
const HARDLINK = 'hardlink@openssh.com'

/** The server paths that files are being given just now, by whoever shares one connection. */
export type NamesTaken = Set<string>

/** A final name: its path on the server, and the one that errors are about. */
export interface Target {
  real: string
  path: string
}

/** Gives a whole file its final name. Throws FILE_EXISTS when it may not replace what is there. */
export async function publish(
  wire: SftpWire,
  from: string,
  target: Target,
  overwrite: Exclude<PutRequest['overwrite'], 'rename'>,
  taken: NamesTaken,
): Promise<void> {
  if (overwrite === 'replace') await replace(wire, from, target)
  else await whileTaken(target, taken, () => renameToFree(wire, from, target))
}

/**
 * Closes a file that nobody else knows of and gives it its final name. Throws FILE_EXISTS where something has that, and
 * what closing throws.
 */
export async function publishTemporary(
  wire: SftpWire,
  { temporary, close }: WholeFile,
  target: Target,
  taken: NamesTaken,
): Promise<void> {
  await whileTaken(target, taken, async () => {
    if (!prefersLinks(wire)) return renameToFree(wire, temporary, target, close)
    await close()
    if (await linkToFree(wire, temporary, target)) await removeIfThere(wire, temporary)
    else await renameToFree(wire, temporary, target)
  })
}

/** Of two that want a name at the same time one gets it: between a look at the name and the rename there is time. */
async function whileTaken({ real, path }: Target, taken: NamesTaken, give: () => Promise<void>) {
  if (taken.has(real)) throw new JobsdError('FILE_EXISTS', { path })
  taken.add(real)
  try {
    await give()
  } finally {
    taken.delete(real)
  }
}

async function replace(wire: SftpWire, from: string, target: Target): Promise<void> {
  const { real } = target
  if (from === real) return
  if (wire.announces(POSIX_RENAME)) return wire.ask((sftp, done) => sftp.ext_openssh_rename(from, real, done))
  // Without that extension a server has no rename that replaces: for a moment there is no file.
  await removeIfThere(wire, real)
  await renamePlain(wire, from, target)
}

/** The protocol's rename refuses a name that is taken, but servers in Go replace: only a look tells. */
async function renameToFree(
  wire: SftpWire,
  from: string,
  target: Target,
  before: () => Promise<void> = async () => {},
): Promise<void> {
  // Asked for together, as a small file is mostly waiting for answers. The look comes last: closing takes its time where
  // a server stores the file only then, and somebody else's may appear meanwhile.
  const [, there] = await Promise.all([before(), lookAt(wire, target.real)])
  if (there) throw new JobsdError('FILE_EXISTS', { path: target.path })
  await renamePlain(wire, from, target)
}

async function renamePlain(wire: SftpWire, from: string, { real, path }: Target): Promise<void> {
  try {
    await wire.ask((sftp, done) => sftp.rename(from, real, done))
  } catch (error) {
    // It may have appeared just now.
    const isTaken = isStatus(error) && (await lookAt(wire, real)) !== undefined
    throw isTaken ? new JobsdError('FILE_EXISTS', { path }, { cause: error }) : error
  }
}

/**
 * A second name never replaces. OpenSSH, which has fsync too, makes one by itself when it renames, and so leaves no
 * temporary name where the connection is cut in between; servers in Go have no fsync.
 */
function prefersLinks(wire: SftpWire): boolean {
  return wire.announces(HARDLINK) && !wire.announces(FSYNC)
}

/** False where the server has no second names after all, or not for this file. Throws FILE_EXISTS. */
async function linkToFree(wire: SftpWire, from: string, { real, path }: Target): Promise<boolean> {
  try {
    await wire.ask((sftp, done) => sftp.ext_openssh_hardlink(from, real, done))
    return true
  } catch (error) {
    if (!isStatus(error)) throw error
    // Version 3 of the protocol has one status for all that can go wrong.
    if (await lookAt(wire, real)) throw new JobsdError('FILE_EXISTS', { path }, { cause: error })
    return false
  }
}
