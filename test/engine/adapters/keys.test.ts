import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { deflateSync } from 'node:zlib'
import {
  CompressedDataPacket,
  createMessage,
  decryptKey,
  decryptSessionKeys,
  encrypt,
  enums,
  Message,
  PacketList,
  readKey,
  readMessage,
  readPrivateKey,
  readSignature,
  revokeKey,
  verify,
} from 'openpgp'
import t from 'tap'
import { createKeys } from '../../../engine/adapters/keys.ts'
import type { DecryptRequest, EncryptRequest } from '../../../engine/core/contracts/keys.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createTestSecrets, makeKey, type TestKey } from '../../fakes/openpgp-keys.ts'

const canary = 'canary-passphrase-7f3a'
const ours = await makeKey('ours', { passphrase: canary })
const acme = await makeKey('acme')
const other = await makeKey('other')
const now = '2026-11-23T00:31:00.000Z'
const signal = new AbortController().signal
const mebibyte = 1024 * 1024

function createBench(folder: string, at = now, secrets: Record<string, string> = {}) {
  const keys = createKeys({
    secrets: createTestSecrets({ ...ours.secrets, ...acme.secrets, ...other.secrets, ...secrets }),
    clock: createManualClock(at),
  })
  let files = 0
  const put = (bytes: string | Uint8Array): string => {
    const path = join(folder, `in-${++files}`)
    writeFileSync(path, bytes)
    return path
  }
  const out = () => join(folder, `out-${++files}`)
  const encryptTo = async (bytes: string | Uint8Array, request: Partial<EncryptRequest> = {}) => {
    const outPath = out()
    const given = { recipients: [ours.theirs], signWith: null, armor: false, fileName: 'calls.csv' }
    const used = await keys.encrypt({ ...given, localPath: put(bytes), outPath, ...request }, signal)
    return { used, outPath, bytes: readFileSync(outPath) }
  }
  const decryptFrom = async (bytes: string | Uint8Array, request: Partial<DecryptRequest> = {}) => {
    const outPath = out()
    const given = { key: ours.own, verifyWith: null, maxBytes: mebibyte, fileName: 'calls.csv.pgp' }
    const used = await keys.decrypt({ ...given, localPath: put(bytes), outPath, ...request }, signal)
    return { used, text: readFileSync(outPath, 'utf8') }
  }
  return { keys, put, out, encryptTo, decryptFrom }
}

/** The code and reason that a promise rejects with. */
async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('it was done'),
    (thrown: unknown) => thrown,
  )
  return error instanceof JobsdError ? `${error.code}: ${error.message}` : inspect(error)
}

const rows = Array.from({ length: 4_000 }, (_, index) => `${index},2145550${index},answered\n`).join('')

t.test('what is encrypted for several keys is opened by each of them, whatever its size', async (t) => {
  const bench = createBench(t.testdir())
  for (const text of ['', 'x', rows]) {
    for (const armor of [false, true]) {
      const { bytes, used } = await bench.encryptTo(text, { recipients: [ours.theirs, acme.theirs], armor })
      t.equal(/^-----BEGIN PGP MESSAGE-----\n/.test(bytes.toString('latin1')), armor)
      t.notMatch(bytes.toString('latin1'), /answered|calls\.csv/, 'neither the rows nor the name can be read')
      t.equal((await bench.decryptFrom(bytes)).text, text)
      t.equal((await bench.decryptFrom(bytes, { key: acme.own })).text, text)
      t.same(
        used.map(({ connection, expiresAt }) => [connection, expiresAt]),
        [
          ['ours', null],
          ['acme', null],
        ],
      )
    }
  }
})

t.test('the message is AES-256 with integrity, neither compressed nor named', async (t) => {
  const bench = createBench(t.testdir())
  const { bytes } = await bench.encryptTo(rows)
  const read = () => readMessage({ binaryMessage: new Uint8Array(bytes) })
  const message = await read()
  const tagOf = (packet: object) => (packet.constructor as unknown as { tag: number }).tag
  const last = message.packets.at(-1) as unknown as { version: number }
  t.same([tagOf(last), last.version], [enums.packet.symEncryptedIntegrityProtectedData, 1])
  const privateKey = await decryptKey({
    privateKey: await readPrivateKey({ armoredKey: ours.privateKey }),
    passphrase: canary,
  })
  t.same(
    (await decryptSessionKeys({ message, decryptionKeys: privateKey })).map((key) => key.algorithm),
    ['aes256'],
  )
  const opened = await (await read()).decrypt([privateKey])
  t.same(opened.packets.map(tagOf), [enums.packet.literalData])
  t.equal(opened.getFilename(), null)
})

t.test('a file that must be signed is offered only with a signature of one of the keys', async (t) => {
  const bench = createBench(t.testdir())
  const signed = await bench.encryptTo(rows, { signWith: acme.own })
  t.same(
    signed.used.map(({ connection }) => connection),
    ['ours', 'acme'],
  )
  const opened = await bench.decryptFrom(signed.bytes, { verifyWith: [other.theirs, acme.theirs] })
  t.equal(opened.text, rows)

  const unsigned = await bench.encryptTo(rows)
  const work = (bytes: Uint8Array, verifyWith: TestKey[]) =>
    failureOf(bench.decryptFrom(bytes, { verifyWith: verifyWith.map(({ theirs }) => theirs) }))
  t.equal(await work(unsigned.bytes, [acme]), 'SIGNATURE_REFUSED: calls.csv.pgp is refused: it is not signed')
  t.equal(
    await work(signed.bytes, [other]),
    'SIGNATURE_REFUSED: calls.csv.pgp is refused: none of the keys that it may be signed by signed it',
  )
  const expired = createBench(t.testdir(), '2025-12-31T00:00:00Z')
  t.equal(
    await failureOf(expired.decryptFrom(signed.bytes, { verifyWith: [acme.theirs] })),
    'SIGNATURE_REFUSED: calls.csv.pgp is refused: its signature is wrong, or by a key that was not in force',
  )
})

t.test('a detached signature is of exactly the file', async (t) => {
  const bench = createBench(t.testdir())
  const big = Buffer.alloc(3 * mebibyte, 'abcdefg\n')
  for (const armor of [false, true]) {
    const outPath = bench.out()
    const [used] = await bench.keys.sign(
      { key: acme.own, localPath: bench.put(big), outPath, fileName: 'calls.csv', armor },
      signal,
    )
    t.equal(used?.fingerprint, acme.theirs.fingerprint.toLowerCase())
    t.ok(statSync(outPath).size < 500, 'the file itself is not in it')
    const signature = armor
      ? await readSignature({ armoredSignature: readFileSync(outPath, 'utf8') })
      : await readSignature({ binarySignature: new Uint8Array(readFileSync(outPath)) })
    const verificationKeys = await readKey({ armoredKey: acme.publicKey })
    const judge = async (binary: Uint8Array) => {
      const message = await createMessage({ binary: new Uint8Array(binary) })
      const { signatures } = await verify({
        message,
        signature,
        verificationKeys,
        date: new Date(now),
        format: 'binary',
      })
      return await signatures[0]!.verified.catch(() => false)
    }
    t.equal(await judge(big), true)
    t.equal(await judge(big.subarray(1)), false)
  }
})

t.test('one wrong byte at any of 50 places is an error, never a file', async (t) => {
  const bench = createBench(t.testdir())
  const text = rows.slice(0, 20_000)
  const { bytes } = await bench.encryptTo(text, { recipients: [acme.theirs], signWith: acme.own })
  const verdicts = new Map<string, number>()
  for (let place = 0; place < 50; place++) {
    const offset = Math.floor((place * (bytes.length - 1)) / 49)
    const tampered = Buffer.from(bytes)
    tampered[offset]! ^= 1 << (place % 8)
    const verdict = await failureOf(bench.decryptFrom(tampered, { key: acme.own }))
    t.match(verdict, /^DECRYPT_FAILED: calls\.csv\.pgp cannot be decrypted: /, `byte ${offset}`)
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
  }
  t.comment([...verdicts].map(([verdict, count]) => `${count} x ${verdict}`).join('\n'))
  for (const cut of [1, 20, 22, 1000, bytes.length - 10]) {
    t.match(
      await failureOf(bench.decryptFrom(bytes.subarray(0, -cut), { key: acme.own })),
      /^DECRYPT_FAILED: /,
      `cut by ${cut}`,
    )
  }
})

t.test('what cannot be decrypted says why', async (t) => {
  const bench = createBench(t.testdir())
  const forOther = await bench.encryptTo(rows, { recipients: [other.theirs] })
  const plain = await createMessage({ text: rows })
  const because = (reason: string) => `DECRYPT_FAILED: calls.csv.pgp cannot be decrypted: ${reason}`
  t.equal(await failureOf(bench.decryptFrom(forOther.bytes)), because('it is encrypted for other keys'))
  t.equal(await failureOf(bench.decryptFrom(rows)), because('it is no OpenPGP message'))
  t.equal(await failureOf(bench.decryptFrom('')), because('it is no OpenPGP message'))
  t.equal(await failureOf(bench.decryptFrom(plain.armor())), because('it is not encrypted'))
  const forBoth = await bench.encryptTo(rows, { recipients: [other.theirs, ours.theirs] })
  t.equal((await bench.decryptFrom(forBoth.bytes)).text, rows, 'a second recipient is no hindrance')
})

t.test('what grows beyond the limit is cut off, also where it is compressed a thousandfold', async (t) => {
  const bench = createBench(t.testdir())
  const exact = await bench.encryptTo('x'.repeat(1000))
  t.equal((await bench.decryptFrom(exact.bytes, { maxBytes: 1000 })).text.length, 1000)
  const reason = (bytes: number) =>
    `DECRYPT_FAILED: calls.csv.pgp cannot be decrypted: more than ${bytes} bytes come out of it, and no more are allowed`
  t.equal(await failureOf(bench.decryptFrom(exact.bytes, { maxBytes: 999 })), reason(999))
  // A key that wishes for compression gets it from the library, which keeps to the wishes of the recipient.
  const wishes = { preferredCompressionAlgorithm: enums.compression.zlib }
  const zipped = await makeKey('zipped', { config: wishes })
  const bomb = await encrypt({
    message: await createMessage({ binary: new Uint8Array(64 * mebibyte) }),
    encryptionKeys: await readKey({ armoredKey: zipped.publicKey }),
    config: wishes,
    format: 'binary',
  })
  t.ok(bomb.length < 200_000, 'it is small on its way')
  const { decryptFrom } = createBench(t.testdir(), now, zipped.secrets)
  t.equal(await failureOf(decryptFrom(bomb, { key: zipped.own })), reason(mebibyte))
  t.equal((await decryptFrom(bomb, { key: zipped.own, maxBytes: 64 * mebibyte })).text.length, 64 * mebibyte)
})

t.test('what grows where no file is, is cut off too', async (t) => {
  // A packet that nobody knows, of zeros: it would be read whole before it is passed over.
  const head = Buffer.from([0xfc, 0xff, 0, 0, 0, 0])
  head.writeUInt32BE(64 * mebibyte, 2)
  const packet = Object.assign(new CompressedDataPacket(), {
    algorithm: enums.compression.zlib,
    compressed: new Uint8Array(deflateSync(Buffer.concat([head, Buffer.alloc(64 * mebibyte)]))),
  })
  const packets = new PacketList<CompressedDataPacket>()
  packets.push(packet)
  const message = await new Message(packets).encrypt([await readKey({ armoredKey: acme.publicKey })])
  const bytes = message.write() as Uint8Array
  t.ok(bytes.length < 200_000, 'it is small on its way')
  t.match(
    await failureOf(createBench(t.testdir()).decryptFrom(bytes, { key: acme.own })),
    /more than 1048576 bytes come out of it/,
  )
})

t.test('keys that nobody should rely on are refused by name and reason', async (t) => {
  const bench = (at: string, ...keys: TestKey[]) =>
    createBench(t.testdir(), at, Object.assign({}, ...keys.map(({ secrets }) => secrets)))
  const day = 86_400
  const short = await makeKey('short', { validForS: 10 * day })
  const before = await bench('2026-01-10T23:59:00Z', short).encryptTo(rows, {
    recipients: [short.theirs],
    signWith: short.own,
  })
  t.same([...new Set(before.used.map(({ expiresAt }) => expiresAt))], ['2026-01-11T00:00:00.000Z'])
  const late = bench('2026-01-11T00:01:00Z', short)
  const expired = 'KEY_REFUSED: the key short is refused: it expired on 2026-01-11'
  t.equal(await failureOf(late.encryptTo(rows, { recipients: [ours.theirs, short.theirs] })), expired)
  t.equal(await failureOf(late.encryptTo(rows, { signWith: short.own })), expired)
  const sign = { key: short.own, localPath: late.put(rows), fileName: 'x', armor: false, outPath: late.out() }
  t.equal(await failureOf(late.keys.sign(sign, signal)), expired)
  t.notOk(existsSync(sign.outPath), 'nothing was written')
  t.equal(
    (await late.decryptFrom(before.bytes, { key: short.own })).text,
    rows,
    'what it was used for in time can still be opened',
  )
  t.equal(
    (
      await late.decryptFrom(
        (
          await bench('2026-01-10T00:00:00Z', short).encryptTo(rows, { signWith: short.own })
        ).bytes,
        {
          verifyWith: [short.theirs],
        },
      )
    ).text,
    rows,
    'and what it signed in time is still signed',
  )

  const early = bench('2025-12-01T00:00:00Z')
  t.equal(
    await failureOf(early.encryptTo(rows)),
    'KEY_REFUSED: the key ours is refused: it is not in force before 2026-01-01',
  )

  const readable = await readPrivateKey({ armoredKey: other.privateKey })
  const gone = await revokeKey({ key: readable, date: new Date('2026-02-01'), format: 'armored' })
  const revoked = { ...other.own, publicKey: gone.publicKey }
  const today = bench(now)
  const why = 'KEY_REFUSED: the key other is refused: it was revoked'
  t.equal(await failureOf(today.encryptTo(rows, { recipients: [revoked] })), why)
  t.equal(await failureOf(today.encryptTo(rows, { signWith: revoked })), why)

  const small = await makeKey('small', { rsaBits: 1024, config: { minRSABits: 1024 } })
  t.equal(
    await failureOf(today.encryptTo(rows, { recipients: [small.theirs] })),
    'KEY_REFUSED: the key small is refused: it is too weak: RSA of 1024 bits, 2048 or more are needed',
  )
})

t.test('a connection whose parts do not belong together is refused', async (t) => {
  const bench = createBench(t.testdir(), now, { 'open-passphrase': 'wrong', 'not-a-key': 'hello' })
  const refused = (reason: string) => `KEY_REFUSED: the key ours is refused: ${reason}`
  const { bytes } = await bench.encryptTo(rows)
  const changes: [string, object][] = [
    ['its publicKey is not the key of its fingerprint', { publicKey: acme.publicKey }],
    ['its publicKey cannot be read', { publicKey: 'no key' }],
    ['its privateKey is not the key of its fingerprint', { privateKey: { secret: 'acme-private' } }],
    ['its privateKey is no OpenPGP private key in armor', { privateKey: { secret: 'not-a-key' } }],
    ['its passphrase does not open its privateKey', { passphrase: { secret: 'open-passphrase' } }],
    ['its privateKey has a passphrase, and the connection names none', { passphrase: undefined }],
    ['it has no privateKey', { privateKey: undefined }],
  ]
  for (const [reason, change] of changes) {
    t.equal(await failureOf(bench.decryptFrom(bytes, { key: { ...ours.own, ...change } })), refused(reason))
  }
  const missing = { ...ours.own, passphrase: { secret: 'nowhere' } }
  t.match(await failureOf(bench.decryptFrom(bytes, { key: missing })), /^SECRET_MISSING: /)
})

t.test('no error shows a passphrase, a private key or what was in the file', async (t) => {
  const wrong = 'canary-wrong-91b2'
  const bench = createBench(t.testdir(), now, {
    wrong,
    torn: ours.privateKey.slice(0, 300) + ours.privateKey.slice(400),
  })
  const { bytes } = await bench.encryptTo('canary-content-55aa')
  const shown: string[] = []
  const requests: [Uint8Array, Partial<DecryptRequest>][] = [
    [bytes, { key: { ...ours.own, passphrase: { secret: 'wrong' } } }],
    [bytes, { key: { ...ours.own, privateKey: { secret: 'torn' } } }],
    [bytes, { key: { ...ours.own, privateKey: { secret: 'wrong' } } }],
    [bytes, { maxBytes: 3 }],
    [bytes, { verifyWith: [acme.theirs] }],
    [bytes.subarray(0, -5), {}],
    [bytes, { key: acme.own }],
  ]
  for (const [given, request] of requests) {
    const error = await bench.decryptFrom(given, request).catch((thrown: unknown) => thrown)
    t.type(error, JobsdError)
    shown.push(inspect(error, { depth: 20, showHidden: true }), (error as Error).stack ?? '')
  }
  const secretLine = ours.privateKey.split('\n')[3]!
  t.ok(secretLine.length > 30)
  for (const text of [canary, wrong, 'canary-content', secretLine]) {
    t.notOk(
      shown.some((each) => each.includes(text)),
      text.slice(0, 14),
    )
  }
})

t.test('an abort ends each of them with its own reason', async (t) => {
  const bench = createBench(t.testdir())
  const localPath = bench.put(Buffer.alloc(32 * mebibyte))
  const reason = new Error('over')
  const abort = () => {
    const stop = new AbortController()
    setImmediate(() => stop.abort(reason))
    return stop.signal
  }
  const file = { localPath, fileName: 'big' }
  const outPaths = [bench.out(), bench.out(), bench.out()]
  const [first = '', second = '', third = ''] = outPaths
  const recipients = [ours.theirs]
  await t.rejects(
    bench.keys.encrypt({ ...file, outPath: first, recipients, signWith: null, armor: false }, abort()),
    reason,
  )
  await t.rejects(bench.keys.sign({ ...file, outPath: second, key: acme.own, armor: false }, abort()), reason)
  const { outPath } = await bench.encryptTo(readFileSync(localPath))
  const request = { localPath: outPath, fileName: 'big', outPath: third, key: ours.own, verifyWith: null }
  await t.rejects(bench.keys.decrypt({ ...request, maxBytes: 2 ** 30 }, abort()), reason)
})

t.test('the passphrase of an archive is a secret by name', async (t) => {
  const keys = createBench(t.testdir(), now, { zip: 'open sesame' }).keys
  const connection = { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'acme-zip', type: 'key' } as const
  const secret = await keys.passphrase({
    ...connection,
    purpose: 'passphrase',
    passphrase: { secret: 'zip' },
  })
  t.equal(secret.reveal(), 'open sesame')
  t.equal(String(secret), '[secret]')
  t.throws(() => keys.passphrase(ours.own), /ours is no key of purpose passphrase/)
})
