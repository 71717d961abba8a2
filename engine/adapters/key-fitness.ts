/** Whether a key may be used at a moment, until when, and why not. */
import type { Config, Key, Subkey } from 'openpgp'
import type { Instant } from '../core/model.ts'
import { loadOpenPgp, strictConfig } from './key-library.ts'

export type KeyUse = 'encrypt' | 'sign'

/** Either when it ends, null for never, or why the key is refused. */
export type Fitness = { expiresAt: Instant | null } | { reason: string }

/** Judges the armored key for what it is to do; its private half is not asked. */
export async function judgeKey(armoredKey: string, use: KeyUse, now: Date): Promise<Fitness> {
  const pgp = await loadOpenPgp()
  const strict = strictConfig(pgp)
  // Read anew for each question: the library keeps what it once found valid.
  const read = () => pgp.readKey({ armoredKey, config: strict })
  const key = await read()
  const part = await partFor(key, use, now, strict).catch(() => undefined)
  if (part) {
    if (use === 'encrypt') {
      const { algorithm } = await pgp.generateSessionKey({ encryptionKeys: key, date: now, config: strict })
      if (algorithm !== 'aes256') return { reason: 'it does not allow AES-256' }
    }
    return { expiresAt: await endOf(key, part, now, strict) }
  }
  if (await key.isRevoked(undefined, undefined, now, strict)) return { reason: 'it was revoked' }
  const lenient = {
    ...strictConfig(pgp, { sha1: true }),
    minRSABits: 0,
    rejectPublicKeyAlgorithms: new Set<never>(),
  }
  const what = use === 'encrypt' ? 'encryption' : 'signatures'
  const end = await (await read()).getExpirationTime(undefined, lenient)
  if (end instanceof Date && end <= now) return { reason: `it expired on ${dayOf(end)}` }
  if (key.getCreationTime() > now)
    return { reason: `it is not in force before ${dayOf(key.getCreationTime())}` }
  const weakPart = await partFor(await read(), use, now, lenient).catch(() => undefined)
  if (weakPart) return { reason: nameWeakness([key, weakPart]) }
  const late = await partFor(await read(), use, null, lenient).catch(() => undefined)
  const lateEnd = late && (await endOf(key, late, now, lenient))
  if (lateEnd) return { reason: `its part for ${what} expired on ${lateEnd.slice(0, 10)}` }
  return { reason: `it has no part for ${what} that is in force` }
}

/** The day as notes and findings show it, in UTC. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}

function partFor(key: Key, use: KeyUse, date: Date | null, config: Config): Promise<Key | Subkey> {
  return use === 'encrypt'
    ? key.getEncryptionKey(undefined, date, undefined, config)
    : key.getSigningKey(undefined, date, undefined, config)
}

/** The earlier end of a key and of its part that is used. */
async function endOf(key: Key, part: Key | Subkey, date: Date, config: Config): Promise<Instant | null> {
  const whole = await key.getExpirationTime(undefined, config)
  const own = 'mainKey' in part ? await part.getExpirationTime(date, config) : whole
  const ends = [whole, own].filter((end) => end instanceof Date)
  return ends.length === 0 ? null : new Date(Math.min(...ends.map(Number))).toISOString()
}

/** What is too weak of the parts that would have done. */
function nameWeakness(parts: (Key | Subkey)[]): string {
  for (const part of parts) {
    const { algorithm, bits } = part.getAlgorithmInfo()
    if (bits !== undefined && bits < 2047 && algorithm.startsWith('rsa'))
      return `it is too weak: RSA of ${bits} bits, 2048 or more are needed`
    if (/^(dsa|elgamal)/i.test(algorithm)) return `it is too weak: ${algorithm}`
  }
  return 'it vouches for itself by SHA-1 only, which can be forged'
}
