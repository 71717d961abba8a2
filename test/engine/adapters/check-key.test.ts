import { readPrivateKey, revokeKey } from 'openpgp'
import t from 'tap'
import type { KeyConnection } from '../../../engine/core/manifest.ts'
import { createCheckup } from '../../../engine/doctor.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createTestSecrets, makeKey } from '../../fakes/openpgp-keys.ts'

const canary = 'canary-4711-passphrase'
const day = 86_400
const own = await makeKey('own', { passphrase: canary })
const ending = await makeKey('ending', { validForS: 60 * day })

async function checkup(
  connection: KeyConnection,
  at = '2026-01-02T00:00:00Z',
  secrets: Record<string, string> = { ...own.secrets, ...ending.secrets },
): Promise<string[]> {
  const examine = createCheckup({ secrets: createTestSecrets(secrets), clock: createManualClock(at) })
  const request = { connection, write: true, tenants: [], queries: [] }
  const findings = await examine(request, new AbortController().signal)
  t.notMatch(JSON.stringify(findings), /canary|PRIVATE KEY/)
  return findings.map(({ level, text }) => `${level} ${text}`)
}

t.test('a key of one own says what it is good for, and that its private half opens', async (t) => {
  t.same(await checkup(own.own), [
    'ok the public key fits its fingerprint (ed25519)',
    'ok good for encryption, without an end',
    'ok good for signatures, without an end',
    'ok the private key opens and is the same key',
  ])
  t.equal((await checkup(own.theirs)).length, 3, 'of somebody else there is no private half')
  t.match(await checkup(own.own, undefined, { ...own.secrets, 'own-passphrase': 'other' }), [
    /^problem the key own is refused: its passphrase does not open its privateKey/,
  ])
  t.match(await checkup(own.own, undefined, {}), [/^problem there is no secret own-private/])
  const swapped = { ...own.own, publicKey: ending.publicKey }
  t.match(await checkup(swapped), [/^problem .* its publicKey is not the key of its fingerprint/])
})

t.test('an end is a warning from 30 days before it, and a problem after it', async (t) => {
  const head = 'ok the public key fits its fingerprint (ed25519)'
  const until = (what: string) => `good for ${what} until 2026-03-02`
  t.same(await checkup(ending.theirs, '2026-01-31T00:00:00Z'), [
    head,
    `ok ${until('encryption')}`,
    `ok ${until('signatures')}`,
  ])
  const soon = (what: string) =>
    `warning good for ${what} only until 2026-03-02: ask its owner for a longer one`
  t.same(await checkup(ending.theirs, '2026-01-31T00:00:01Z'), [head, soon('encryption'), soon('signatures')])
  t.same(await checkup(ending.theirs, '2026-03-02T00:00:00Z'), [
    head,
    'problem no good for encryption: it expired on 2026-03-02',
    'problem no good for signatures: it expired on 2026-03-02',
  ])
})

t.test('a revoked key is a problem, one that can only sign a warning', async (t) => {
  const key = await readPrivateKey({ armoredKey: ending.privateKey })
  const { publicKey } = await revokeKey({ key, date: new Date('2026-01-01T01:00:00Z'), format: 'armored' })
  t.match(await checkup({ ...ending.theirs, publicKey }), [
    /^ok/,
    'problem no good for encryption: it was revoked',
    'problem no good for signatures: it was revoked',
  ])
  const whole = await readPrivateKey({ armoredKey: ending.privateKey })
  whole.subkeys = []
  const signsOnly = { ...ending.theirs, publicKey: whole.toPublic().armor() }
  t.same((await checkup(signsOnly)).slice(1), [
    'warning no good for encryption: it has no part for encryption that is in force',
    'ok good for signatures until 2026-03-02',
  ])
})

t.test('a passphrase is there, and long enough', async (t) => {
  const document = { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'zip', type: 'key' } as const
  const connection = { ...document, purpose: 'passphrase', passphrase: { secret: 'zip' } } as const
  t.same(await checkup(connection, undefined, { zip: canary }), ['ok the passphrase is there'])
  t.match(await checkup(connection, undefined, { zip: 'canary' }), [
    /^warning the passphrase is shorter than 12/,
  ])
  t.match(await checkup(connection, undefined, {}), [/^problem there is no secret zip/])
})
