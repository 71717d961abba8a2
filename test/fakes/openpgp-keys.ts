/** OpenPGP keys made for a test, and the secrets behind them. */
import { generateKey, type PartialConfig, readKey } from 'openpgp'
import type { Secrets } from '../../engine/core/contracts/services.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import type { OpenpgpKeyConnection } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'

export interface KeyOptions {
  madeAt?: string
  validForS?: number
  passphrase?: string
  rsaBits?: number
  /** As older programs know elliptic curves. */
  legacy?: boolean
  config?: PartialConfig
}

export interface TestKey {
  /** Of a key of one's own: with privateKey, and passphrase where it has one. */
  own: OpenpgpKeyConnection
  /** Of the same key as others know it. */
  theirs: OpenpgpKeyConnection
  publicKey: string
  privateKey: string
  secrets: Record<string, string>
}

export async function makeKey(name: string, options: KeyOptions = {}): Promise<TestKey> {
  const { madeAt = '2026-01-01T00:00:00Z', validForS, passphrase, rsaBits, legacy, config } = options
  const curve = legacy
    ? { type: 'ecc' as const, curve: 'ed25519Legacy' as const }
    : { type: 'curve25519' as const }
  const kind = rsaBits === undefined ? curve : { type: 'rsa' as const, rsaBits }
  const { publicKey, privateKey } = await generateKey({
    ...kind,
    userIDs: [{ name, email: `${name}@keys.example` }],
    date: new Date(madeAt),
    format: 'armored',
    ...(validForS !== undefined && { keyExpirationTime: validForS }),
    ...(passphrase !== undefined && { passphrase }),
    ...(config && { config }),
  })
  return await describeTestKey(name, publicKey, privateKey, passphrase)
}

export async function describeTestKey(
  name: string,
  publicKey: string,
  privateKey: string,
  passphrase?: string,
): Promise<TestKey> {
  const fingerprint = (await readKey({ armoredKey: publicKey })).getFingerprint().toUpperCase()
  const theirs: OpenpgpKeyConnection = {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    name,
    type: 'key',
    purpose: 'openpgp',
    fingerprint,
    publicKey,
  }
  const own: OpenpgpKeyConnection = {
    ...theirs,
    privateKey: { secret: `${name}-private` },
    ...(passphrase !== undefined && { passphrase: { secret: `${name}-passphrase` } }),
  }
  const secrets = {
    [`${name}-private`]: privateKey,
    ...(passphrase !== undefined && { [`${name}-passphrase`]: passphrase }),
  }
  return { own, theirs, publicKey, privateKey, secrets }
}

export function createTestSecrets(known: Record<string, string>): Secrets {
  return {
    async resolve(name) {
      const value = known[name]
      if (value === undefined) throw new JobsdError('SECRET_MISSING', { name, variable: name })
      return new Secret(value)
    },
  }
}
