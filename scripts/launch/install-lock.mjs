import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { LaunchFailure } from './failure.mjs'

const pollMs = 200
const patienceMs = 15 * 60_000

/**
 * Takes the right to install into a folder and resolves with how to give it back. Waits for a living process that has
 * it, calling `onWait` with its pid once; takes over from one that is gone. Throws what the file system says of a
 * folder that cannot be written to.
 */
export async function takeInstallLock(folder, onWait) {
  const lock = join(folder, '.jobsd-installing')
  for (let waitedMs = 0; !(claim(lock) || takeOver(lock)); waitedMs += pollMs) {
    if (waitedMs === 0) onWait(readOwner(lock))
    if (waitedMs > patienceMs) {
      throw new LaunchFailure(`process ${readOwner(lock)} holds ${lock}; remove it if nobody installs there`)
    }
    await setTimeout(pollMs)
  }
  return () => rmSync(lock, { recursive: true, force: true, maxRetries: 3 })
}

function claim(lock) {
  if (existsSync(lock)) return false
  // Made elsewhere and renamed, so that a lock is never seen without its owner.
  const own = mkdtempSync(`${lock}-`)
  try {
    writeFileSync(join(own, 'pid'), String(process.pid))
    renameSync(own, lock)
    return true
  } catch (error) {
    rmSync(own, { recursive: true, force: true })
    // Somebody else was faster; EPERM is Windows' word for it.
    if (['EEXIST', 'ENOTEMPTY', 'EPERM'].includes(error.code)) return false
    throw error
  }
}

/** Makes a dead owner's lock this process's. Of several that try, the one that makes the marker does. */
function takeOver(lock) {
  const owner = readOwner(lock)
  if (owner === undefined || isAlive(owner)) return false
  const marker = join(lock, `after-${owner}`)
  try {
    mkdirSync(marker)
  } catch (error) {
    if (error.code === 'EEXIST' || error.code === 'ENOENT') return false
    throw error
  }
  // The owner may have been exchanged since it was read.
  const isDead = readOwner(lock) === owner
  if (isDead) {
    const own = join(lock, `pid-${process.pid}`)
    writeFileSync(own, String(process.pid))
    renameSync(own, join(lock, 'pid'))
  }
  rmSync(marker, { recursive: true, force: true })
  return isDead
}

/** The pid in a lock; undefined where it was given back just now. */
function readOwner(lock) {
  try {
    return Number(readFileSync(join(lock, 'pid'), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid) {
  // In a new container pids begin anew: a lock from the last one can carry this process's.
  if (pid === process.pid || !(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code !== 'ESRCH'
  }
}
