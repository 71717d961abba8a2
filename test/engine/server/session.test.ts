import t from 'tap'
import { Secret } from '../../../engine/core/secret.ts'
import { cookiesOf, readSession, sessionMs, signSession } from '../../../engine/server/session.ts'

const key = new Secret('k'.repeat(43))
const hash = 'a'.repeat(64)
const nowMs = Date.parse('2026-11-22T12:00:00Z')

t.test('a session is its subject’s alone, even where two were given the same token', async (t) => {
  const acme = signSession(key, 'client:acme', hash, nowMs)
  const both = () => [hash]
  t.equal(readSession(key, acme, both, nowMs), 'client:acme')
  for (const other of ['client:borealis', 'client:acm', 'operators'])
    t.equal(readSession(key, acme.replace('client:acme', other), both, nowMs), undefined, other)
})

t.test('it counts for twelve hours, with its key, while its token is allowed', async (t) => {
  const session = signSession(key, 'operators', hash, nowMs)
  const read = (changes: { key?: Secret; tokens?: string[]; atMs?: number }) =>
    readSession(changes.key ?? key, session, () => changes.tokens ?? [hash], changes.atMs ?? nowMs)
  t.equal(read({ tokens: ['b'.repeat(64), hash] }), 'operators')
  t.equal(read({ atMs: nowMs + sessionMs - 1 }), 'operators')
  t.equal(read({ atMs: nowMs + sessionMs }), undefined)
  t.equal(read({ tokens: [] }), undefined)
  t.equal(read({ key: new Secret('another') }), undefined)
})

t.test('what is no session is none', async (t) => {
  const session = signSession(key, 'client:acme', hash, nowMs)
  for (const text of [
    '',
    'x',
    '..',
    session.slice(0, -1),
    `${session}A`,
    `${session}.`,
    'somebody.9999999999.x',
  ])
    t.equal(
      readSession(key, text, () => [hash], nowMs),
      undefined,
      text,
    )
})

t.test('every cookie of a name is found', async (t) => {
  t.strictSame(cookiesOf('a=1; jobsd-catalog=x=y; b=2; jobsd-catalog=z', 'jobsd-catalog'), ['x=y', 'z'])
  t.strictSame(cookiesOf(undefined, 'jobsd-catalog'), [])
})
