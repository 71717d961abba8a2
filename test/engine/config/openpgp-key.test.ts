import { enums, generateKey, readKey } from 'openpgp'
import t from 'tap'
import { readPublicKey } from '../../../engine/config/openpgp-key.ts'
import { makeKey } from '../../fakes/openpgp-keys.ts'

t.test('the fingerprint is the one that the library computes, for every kind of key', async (t) => {
  const kinds = [
    { type: 'curve25519' as const },
    { type: 'curve448' as const },
    { type: 'rsa' as const, rsaBits: 2048 },
    { type: 'ecc' as const, curve: 'nistP256' as const },
    { type: 'curve25519' as const, config: { v6Keys: true } },
  ]
  for (const kind of kinds) {
    // A long name makes a packet whose length takes two bytes.
    const userIDs = [{ name: 'n'.repeat(300), email: 'a@keys.example' }]
    const { publicKey } = await generateKey({ ...kind, userIDs, format: 'armored' })
    const fingerprint = (await readKey({ armoredKey: publicKey })).getFingerprint().toUpperCase()
    for (const text of [
      publicKey,
      publicKey.replaceAll('\r\n', '\n'),
      publicKey.replaceAll(/\r?\n/g, '\r\n'),
    ])
      t.same(readPublicKey(text), { fingerprint }, JSON.stringify(kind))
    t.equal(fingerprint.length, 'config' in kind ? 64 : 40)
    const commented = publicKey.replace('-----\n', '-----\nComment: from Acme\nVersion: 1\n')
    t.same(readPublicKey(commented), { fingerprint }, 'headers say nothing of it')
  }
})

t.test('whatever is no single public key says what it is', async (t) => {
  const { armor } = await import('openpgp')
  const one = await readKey({ armoredKey: (await makeKey('one')).publicKey })
  const two = await readKey({ armoredKey: (await makeKey('two')).publicKey })
  const asPublic = (bytes: Uint8Array) => armor(enums.armor.publicKey, bytes)
  const bytes = one.write()
  t.same(readPublicKey(asPublic(new Uint8Array([...bytes, ...two.write()]))), {
    fault: 'holds 2 keys; one is allowed',
  })
  const { privateKey } = await generateKey({ userIDs: [{ name: 'p' }], format: 'object' })
  t.same(readPublicKey(asPublic(privateKey.write())), { fault: 'is a private key' })
  t.same(readPublicKey(asPublic(bytes.subarray(0, -3))), {
    fault: 'is damaged: its packets do not fit together',
  })
  t.same(readPublicKey(asPublic(one.users[0]!.userID!.write())), {
    fault: 'is damaged: its packets do not fit together',
  })
  const noArmor = { fault: 'is no public key in armor: its lines are cut, or something stands between them' }
  for (const text of [
    '',
    'hello',
    one.armor().replace('-----END', '----END'),
    one.armor().replace('x', ' ? '),
  ])
    t.same(readPublicKey(text), noArmor)
})

t.test('no bytes of a key make the reader throw', async (t) => {
  const bytes = (await readKey({ armoredKey: (await makeKey('one')).publicKey })).write()
  let fitting = 0
  for (let at = 0; at < bytes.length; at++) {
    for (const text of [bytes.subarray(0, at), bytes.with(at, 0xff), bytes.with(at, 0)]) {
      const coded = Buffer.from(text).toString('base64')
      const armored = `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${coded}\n-----END PGP PUBLIC KEY BLOCK-----\n`
      if ('fingerprint' in readPublicKey(armored)) fitting++
    }
  }
  t.ok(fitting > 0, 'some still look like a key, of another fingerprint')
})
