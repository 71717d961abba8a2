import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

/** The digest of a local file, lower-case hex. */
export async function digestFile(
  localPath: string,
  algorithm: 'md5' | 'sha256' | 'sha512',
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(localPath), hash, { signal })
  return hash.digest('hex')
}
