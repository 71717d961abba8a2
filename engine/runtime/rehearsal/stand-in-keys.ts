/** Keys of a rehearsal, which has no secrets: what would be encrypted stays readable, so that it can be looked at. */
import { copyFile, stat, writeFile } from 'node:fs/promises'
import type { Keys } from '../../core/contracts/keys.ts'
import { JobsdError } from '../../core/errors.ts'
import { Secret } from '../../core/secret.ts'

/** Of every passphrase key. */
export const rehearsalPassphrase = 'rehearsal'

export const standInKeys: Keys = {
  async encrypt({ localPath, outPath }) {
    await copyFile(localPath, outPath)
    return []
  },
  async decrypt({ localPath, outPath, fileName, maxBytes }) {
    const { size } = await stat(localPath)
    const reason = `more than ${maxBytes} bytes come out of it, and no more are allowed`
    if (size > maxBytes) throw new JobsdError('DECRYPT_FAILED', { fileName, reason })
    await copyFile(localPath, outPath)
    return []
  },
  async sign({ outPath, fileName, key }) {
    await writeFile(outPath, `Here stands the signature of ${fileName} by ${key.name}.\n`)
    return []
  },
  passphrase: async () => new Secret(rehearsalPassphrase),
}
