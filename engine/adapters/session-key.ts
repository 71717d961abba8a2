/** The key that signs sessions: made once, kept in the data folder, so that a restart signs nobody out. */
import { randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret } from '../core/secret.ts'

const keyBytes = 32

/** Reads it, or makes it: owner-only, safe on disk. Whoever deletes the file ends every session at the next start. */
export async function readSessionKey(dataFolder: string): Promise<Secret> {
  const path = join(dataFolder, 'session.key')
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return ''
  })
  if (known.length >= keyBytes) return new Secret(known)
  const key = randomBytes(keyBytes).toString('base64url')
  // Nobody else writes into the folder of a locked engine; half a key is written over.
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(key)
    await file.sync()
  } finally {
    await file.close()
  }
  return new Secret(key)
}
