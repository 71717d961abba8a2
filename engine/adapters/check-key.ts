import type { Finding } from '../core/contracts/checkup.ts'
import type { Clock, Secrets } from '../core/contracts/services.ts'
import type { KeyConnection, OpenpgpKeyConnection } from '../core/manifest.ts'
import { dayOf, type Fitness, judgeKey, type KeyUse } from './key-fitness.ts'
import { loadOpenPgp, strictConfig } from './key-library.ts'
import { openPrivateKey, openPublicKey } from './key-open.ts'

const noticeDays = 30
const shortPassphrase = 12

/**
 * Reads a key, holds it against its fingerprint, opens its private half where it has one, and tells what it may be used
 * for until when; a warning from 30 days before. Throws KEY_REFUSED, SECRET_MISSING, SECRET_EXPOSED.
 */
export async function checkKey(
  connection: KeyConnection,
  { secrets, clock }: { secrets: Secrets; clock: Clock },
): Promise<Finding[]> {
  if (connection.purpose === 'passphrase') {
    const passphrase = await secrets.resolve(connection.passphrase.secret)
    const isShort = passphrase.reveal().length < shortPassphrase
    const text = `the passphrase is shorter than ${shortPassphrase} characters: archives can be tried without end`
    return [isShort ? { level: 'warning', text } : { level: 'ok', text: 'the passphrase is there' }]
  }
  const now = clock.now()
  const key = await openPublicKey(connection, strictConfig(await loadOpenPgp()))
  const { algorithm, bits, curve } = key.getAlgorithmInfo()
  const kind = [algorithm, bits ?? curve].filter(Boolean).join(' ')
  const findings: Finding[] = [{ level: 'ok', text: `the public key fits its fingerprint (${kind})` }]
  findings.push(...(await judgeUses(connection, now)))
  if (connection.privateKey) {
    await openPrivateKey(connection, secrets, now)
    findings.push({ level: 'ok', text: 'the private key opens and is the same key' })
  }
  return findings
}

/** What a key is for differs: one that is good for something is no problem. */
async function judgeUses(connection: OpenpgpKeyConnection, now: Date): Promise<Finding[]> {
  const words: Record<KeyUse, string> = { encrypt: 'encryption', sign: 'signatures' }
  const uses: KeyUse[] = ['encrypt', 'sign']
  const judged: [string, Fitness][] = []
  for (const use of uses) judged.push([words[use], await judgeKey(connection.publicKey, use, now)])
  const isOfUse = judged.some(([, found]) => !('reason' in found))
  return judged.map(([what, found]) => {
    if ('reason' in found)
      return { level: isOfUse ? 'warning' : 'problem', text: `no good for ${what}: ${found.reason}` }
    if (found.expiresAt === null) return { level: 'ok', text: `good for ${what}, without an end` }
    const end = new Date(found.expiresAt)
    const daysLeft = Math.floor((end.getTime() - now.getTime()) / 86_400_000)
    return daysLeft < noticeDays
      ? {
          level: 'warning',
          text: `good for ${what} only until ${dayOf(end)}: ask its owner for a longer one`,
        }
      : { level: 'ok', text: `good for ${what} until ${dayOf(end)}` }
  })
}
