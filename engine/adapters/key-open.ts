/** Keys out of their connections: read, held against the pinned fingerprint, unlocked. */
import type { Config, Key, PrivateKey } from 'openpgp'
import type { UsedKey } from '../core/contracts/keys.ts'
import type { Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { Connection, KeyConnection, OpenpgpKeyConnection } from '../core/manifest.ts'
import { judgeKey, type KeyUse } from './key-fitness.ts'
import { loadOpenPgp, strictConfig } from './key-library.ts'

/** A rule of `validate` refuses such a job, so meeting one here is a bug. */
export function keyConnection<P extends KeyConnection['purpose']>(
  connection: Connection,
  purpose: P,
): KeyConnection & { purpose: P } {
  if (connection.type !== 'key' || connection.purpose !== purpose)
    throw new Error(`connection ${connection.name} is no key of purpose ${purpose}`)
  return connection as KeyConnection & { purpose: P }
}

export function refuseKey({ name }: Connection, reason: string, cause?: unknown): JobsdError {
  return new JobsdError('KEY_REFUSED', { connection: name, reason }, { cause })
}

/** The public key of a connection. Throws KEY_REFUSED unless it has the pinned fingerprint. */
export async function openPublicKey(connection: OpenpgpKeyConnection, config: Config): Promise<Key> {
  const { readKey } = await loadOpenPgp()
  const key = await readKey({ armoredKey: connection.publicKey, config }).catch((cause: unknown) => {
    throw refuseKey(connection, 'its publicKey cannot be read', cause)
  })
  if (key.isPrivate()) throw refuseKey(connection, 'its publicKey is a private key')
  expectFingerprint(connection, key, 'publicKey')
  return key
}

/**
 * The private key of a connection, unlocked, with what its public key says of validity. Throws KEY_REFUSED,
 * SECRET_MISSING, SECRET_EXPOSED.
 */
export async function openPrivateKey(
  connection: OpenpgpKeyConnection,
  secrets: Secrets,
  now: Date,
): Promise<PrivateKey> {
  const pgp = await loadOpenPgp()
  const config = strictConfig(pgp)
  if (!connection.privateKey) throw refuseKey(connection, 'it has no privateKey')
  const publicKey = await openPublicKey(connection, config)
  const text = await secrets.resolve(connection.privateKey.secret)
  // The cause stays out of all errors from here on: nobody vouches that a library's words hold nothing of a secret.
  const stored = await pgp.readPrivateKey({ armoredKey: text.reveal(), config }).catch(() => {
    throw refuseKey(connection, 'its privateKey is no OpenPGP private key in armor')
  })
  expectFingerprint(connection, stored, 'privateKey')
  // An expiry that was put off or a revocation is in the public key first.
  const key = await stored.update(publicKey, now, config).catch(() => {
    throw refuseKey(connection, 'its privateKey does not fit its publicKey')
  })
  if (key.isDecrypted()) return key
  if (!connection.passphrase)
    throw refuseKey(connection, 'its privateKey has a passphrase, and the connection names none')
  const passphrase = (await secrets.resolve(connection.passphrase.secret)).reveal()
  return await pgp.decryptKey({ privateKey: key, passphrase, config }).catch(() => {
    throw refuseKey(connection, 'its passphrase does not open its privateKey')
  })
}

/** What is told of a key that may be used at that moment. Throws KEY_REFUSED for one that may not. */
export async function expectFit(connection: OpenpgpKeyConnection, use: KeyUse, now: Date): Promise<UsedKey> {
  const found = await judgeKey(connection.publicKey, use, now)
  if ('reason' in found) throw refuseKey(connection, found.reason)
  return describeKey(connection, found.expiresAt)
}

export function describeKey(connection: OpenpgpKeyConnection, expiresAt: UsedKey['expiresAt']): UsedKey {
  return { connection: connection.name, fingerprint: connection.fingerprint.toLowerCase(), expiresAt }
}

function expectFingerprint(connection: OpenpgpKeyConnection, key: Key, property: string): void {
  if (key.getFingerprint() !== connection.fingerprint.toLowerCase())
    throw refuseKey(connection, `its ${property} is not the key of its fingerprint`)
}
