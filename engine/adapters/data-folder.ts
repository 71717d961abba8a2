/** The data folder: owned by one engine at a time. */
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { JobsdError } from '../core/errors.ts'
import { type FilesystemType, filesystemType } from './filesystem-type.ts'

/** Where a restore collects, in the data folder, until all of it is there and whole. */
export const restoringName = 'restoring'

export interface DataFolder {
  root: string
  ledger: string
  artifacts: string
  /** Private scratch for reports and the like. */
  work: string
  socket: string
}

/** The places in a data folder; makes nothing. */
export function dataFolderOf(folder: string): DataFolder {
  const root = resolve(folder)
  return {
    root,
    ledger: join(root, 'ledger.db'),
    artifacts: join(root, 'artifacts'),
    work: join(root, 'work'),
    socket: socketPath(root),
  }
}

/** A Unix socket's path may have 107 bytes at most; a deeper folder gets a private one beside the temporary files. */
function socketPath(root: string): string {
  const path = join(root, 'control.sock')
  if (Buffer.byteLength(path) <= 100) return path
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16)
  return join(tmpdir(), `jobsd-${name}`, 'control.sock')
}

/** Makes the folder of the control socket where that is not the data folder. Throws BAD_REQUEST as checkSocketFolder. */
export function makeSocketFolder(data: DataFolder): void {
  try {
    mkdirSync(dirname(data.socket), { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  checkSocketFolder(data)
}

/**
 * Throws BAD_REQUEST where the socket lies outside of the data folder in a folder that somebody else may have made:
 * beside the temporary files anybody can, and its name can be guessed.
 */
export function checkSocketFolder({ root, socket }: DataFolder): void {
  const folder = dirname(socket)
  if (folder === root) return
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (!found) return
  const owners = [process.getuid?.(), statSync(root, { throwIfNoEntry: false })?.uid]
  if (found.isDirectory() && owners.includes(found.uid) && (found.mode & 0o077) === 0) return
  const reason = `${folder}, where the control socket belongs, is not a folder of the engine's user alone; remove it, or use a data folder with a shorter path`
  throw new JobsdError('BAD_REQUEST', { reason })
}

export interface LockOptions {
  /** Takes a folder on a network file system all the same. */
  unsafeFs?: boolean
  typeOf?: FilesystemType
}

/**
 * Makes the folder, owner-only, and locks it. The lock goes with the process. Throws ENGINE_RUNNING, LEDGER_ON_NETWORK,
 * and LEDGER_UNUSABLE for a folder into which a restore did not end.
 */
export function lockDataFolder(folder: string, options: LockOptions = {}): { release(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // Before the lock, which is none there.
  const type = options.unsafeFs ? undefined : (options.typeOf ?? filesystemType)(folder)
  if (type !== undefined) throw new JobsdError('LEDGER_ON_NETWORK', { folder, type })
  if (existsSync(join(folder, restoringName))) {
    const reason = 'a restore into it did not end; empty it and restore again'
    throw new JobsdError('LEDGER_UNUSABLE', { path: folder, reason })
  }
  chmodSync(folder, 0o700)
  mkdirSync(join(folder, 'work'), { recursive: true, mode: 0o700 })
  const path = join(folder, 'engine.lock')
  // A database's exclusive lock is the kernel's: it cannot outlive its process, as a file with a pid would.
  const lock = new Database(path, { timeout: 0 })
  chmodSync(path, 0o600)
  try {
    lock.pragma('locking_mode = EXCLUSIVE')
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    const { code = '', message } = error as { code?: string; message: string }
    if (code.startsWith('SQLITE_BUSY')) throw new JobsdError('ENGINE_RUNNING', { folder }, { cause: error })
    throw new JobsdError('LEDGER_UNUSABLE', { path, reason: message }, { cause: error })
  }
  return {
    release() {
      lock.close()
    },
  }
}
