import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'

/** As in schemas/defs.json: a name can never be a path. */
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/
const MAX_NAME_CHARACTERS = 63
const MAX_BYTES = 64 * 1024

/**
 * Resolves secrets by name from $JOBSD_SECRETS_DIR/<name>, $CREDENTIALS_DIRECTORY/<name> and JOBSD_SECRET_<NAME>, in
 * that order, read anew each time; one trailing line end is cut off. Throws SECRET_MISSING, and SECRET_EXPOSED for a
 * file that others than its owner can use.
 */
export function createSecrets(env: NodeJS.ProcessEnv): Secrets {
  return {
    async resolve(name) {
      const variable = name.toUpperCase().replaceAll('-', '_')
      if (!NAME.test(name) || name.length > MAX_NAME_CHARACTERS)
        throw new JobsdError('SECRET_MISSING', { name: JSON.stringify(name), variable: '<NAME>' })
      const value =
        (await readSecretFile(env.JOBSD_SECRETS_DIR, name, 0o077)) ??
        // systemd grants a service's user its credentials by an ACL, which shows as the group's bits.
        (await readSecretFile(env.CREDENTIALS_DIRECTORY, name, 0o007)) ??
        env[`JOBSD_SECRET_${variable}`]
      const secret = value?.replace(/\r?\n$/, '')
      if (!secret) throw new JobsdError('SECRET_MISSING', { name, variable })
      return new Secret(secret)
    },
  }
}

async function readSecretFile(folder: string | undefined, name: string, refusedBits: number) {
  if (!folder) return undefined
  const file = await open(join(folder, name), 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined
    throw new JobsdError('SECRET_MISSING', { name, variable: name }, { cause })
  })
  if (!file) return undefined
  try {
    // Looked at through the open file, so that what was checked is what is read.
    const { mode, size } = await file.stat()
    if ((mode & refusedBits) !== 0) throw new JobsdError('SECRET_EXPOSED', { name })
    if (size > MAX_BYTES) return undefined
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
