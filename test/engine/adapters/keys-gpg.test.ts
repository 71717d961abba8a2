/** Against GnuPG, where it is there: what one makes the other must open. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createKeys } from '../../../engine/adapters/keys.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createTestSecrets, describeTestKey, makeKey, type TestKey } from '../../fakes/openpgp-keys.ts'
import { hasGpg, makeShortFolder } from '../../fakes/signed-repository.ts'

const skip = hasGpg ? false : 'no gpg'
const signal = new AbortController().signal
// gpg goes by the machine's clock; a day later nothing that it made is from the future.
const now = new Date(Date.now() + 86_400_000).toISOString()
const content = Array.from({ length: 5_000 }, (_, index) => `${index},answered\n`).join('')

function createGpg(t: Parameters<typeof makeShortFolder>[0]) {
  const home = makeShortFolder(t)
  mkdirSync(join(home, 'g'), { mode: 0o700 })
  // By default the agent makes each guess of a passphrase, and each use of one, take long.
  writeFileSync(join(home, 'g', 'gpg-agent.conf'), 's2k-count 65536\n')
  t.teardown(() => spawnSync('gpgconf', ['--homedir', join(home, 'g'), '--kill', 'all']))
  const common = ['--homedir', join(home, 'g'), '--batch', '--yes', '--quiet', '--trust-model', 'always']
  const gpg = (args: string[], input?: string) =>
    execFileSync('gpg', [...common, '--pinentry-mode', 'loopback', ...args], {
      ...(input !== undefined && { input }),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  const put = (name: string, bytes: string | Uint8Array) => {
    const path = join(home, name)
    writeFileSync(path, bytes)
    return path
  }
  const makeGpgKey = async (name: string, algorithm: string, given: string[] = [], passphrase = '') => {
    const user = `${name} <${name}@keys.example>`
    gpg(['--passphrase', passphrase, ...given, '--quick-generate-key', user, algorithm, 'default', '0'])
    if (algorithm.startsWith('rsa')) {
      const listed = gpg(['--with-colons', '--list-keys', user]).toString()
      const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listed)![1]!
      gpg(['--passphrase', passphrase, ...given, '--quick-add-key', fingerprint, algorithm, 'encr', '0'])
    }
    const publicKey = gpg(['--armor', '--export', user]).toString()
    const privateKey = gpg(['--passphrase', passphrase, '--armor', '--export-secret-keys', user]).toString()
    return await describeTestKey(name, publicKey, privateKey, passphrase || undefined)
  }
  return { gpg, put, makeGpgKey, out: (name: string) => join(home, name) }
}

const createOwn = (...keys: TestKey[]) =>
  createKeys({
    secrets: createTestSecrets(Object.assign({}, ...keys.map(({ secrets }) => secrets))),
    clock: createManualClock(now),
  })

t.test('gpg opens and verifies what was encrypted and signed here', { skip }, async (t) => {
  const { gpg, put, out, makeGpgKey } = createGpg(t)
  const ours = await makeKey('ours', { passphrase: 'pp', legacy: true })
  gpg(['--import'], ours.publicKey)
  const keys = createOwn(ours)
  for (const algorithm of ['rsa2048', 'future-default']) {
    const theirs = await makeGpgKey(algorithm, algorithm)
    for (const armor of [false, true]) {
      const file = {
        localPath: put('plain', content),
        fileName: 'calls.csv',
        outPath: out(`${algorithm}-${armor}`),
      }
      await keys.encrypt({ ...file, recipients: [theirs.theirs], signWith: ours.own, armor }, signal)
      const faked = ['--faked-system-time', String(Math.floor(Date.parse(now) / 1000) + 60)]
      const ended = spawnSync('gpg', [
        ...['--homedir', join(file.outPath, '..', 'g'), '--batch', '--trust-model', 'always', ...faked],
        ...['--status-fd', '2', '--decrypt', file.outPath],
      ])
      t.equal(ended.status, 0, `${algorithm}, armor ${armor}`)
      t.equal(ended.stdout.toString(), content)
      t.match(ended.stderr.toString(), new RegExp(`VALIDSIG ${ours.theirs.fingerprint}`))
      t.match(ended.stderr.toString(), /GOODMDC/)
      t.match(ended.stderr.toString(), /DECRYPTION_INFO 2 9/, 'by AES-256 with integrity')

      const signature = out(`${algorithm}-${armor}.sig`)
      await keys.sign({ ...file, outPath: signature, key: ours.own, armor }, signal)
      gpg([...faked, '--verify', signature, file.localPath])
      put('plain', `${content}x`)
      t.throws(() => gpg([...faked, '--verify', signature, file.localPath]))
    }
  }
})

t.test('what gpg encrypts, signs and compresses is opened here, and only as asked', { skip }, async (t) => {
  const { gpg, put, out, makeGpgKey } = createGpg(t)
  const theirOwn = await makeGpgKey('made-by-gpg', 'rsa2048', [], 'canary-pp')
  const ours = await makeKey('ours', { legacy: true })
  gpg(['--import'], ours.publicKey)
  const sender = await makeGpgKey('sender', 'future-default')
  const stranger = await makeGpgKey('stranger', 'future-default')
  const keys = createOwn(ours, theirOwn)
  const plain = put('plain', content)
  let count = 0
  const open = async (args: string[], verifyWith: TestKey[] | null, key = ours) => {
    const encrypted = out(`e${++count}`)
    gpg([...args, '--output', encrypted, '--encrypt', plain])
    const outPath = out(`d${count}`)
    await keys.decrypt(
      {
        localPath: encrypted,
        outPath,
        fileName: 'calls.csv.pgp',
        key: key.own,
        verifyWith: verifyWith?.map(({ theirs }) => theirs) ?? null,
        maxBytes: 2 ** 30,
      },
      signal,
    )
    return readFileSync(outPath, 'utf8')
  }
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error: unknown) => (error instanceof JobsdError ? error.message : error),
    )
  const to = ['--recipient', 'ours']
  const signed = ['--sign', '--local-user', 'sender']
  for (const compression of ['none', 'zip', 'zlib', 'bzip2']) {
    const args = [...to, ...signed, '--compress-algo', compression]
    t.equal(await open(args, [sender]), content, compression)
  }
  t.equal(await open([...to, '--armor'], null), content)
  const forGpgs = ['--recipient', 'made-by-gpg', ...signed]
  t.equal(await open(forGpgs, [sender], theirOwn), content, 'with a private key that gpg made and protected')
  t.equal(await open([...to, '--armor', ...signed], [stranger, sender]), content)
  t.equal(await open(['--hidden-recipient', 'ours'], null), content, 'a hidden recipient')
  t.match(await codeOf(open(to, [sender])), 'it is not signed')
  t.match(await codeOf(open([...to, ...signed], [stranger])), 'none of the keys')
  t.match(await codeOf(open(['--recipient', 'stranger'], null)), 'it is encrypted for other keys')
  const weak = [...to, '--sign', '--local-user', 'sender', '--digest-algo', 'SHA1']
  t.match(await codeOf(open(weak, [sender])), 'its signature is wrong', 'signed by SHA-1')
  t.equal(await open(weak, null), content, 'where nobody asks it is no matter')
  const bare = [...to, '--rfc2440', '--cipher-algo', '3DES', '--disable-mdc']
  t.match(String(await codeOf(open(bare, null))), /proves|damaged/)
})

t.test('keys of gpg that are too old to rely on are refused', { skip }, async (t) => {
  const { put, out, makeGpgKey } = createGpg(t)
  const encryptTo = async (key: TestKey) =>
    await createOwn()
      .encrypt(
        {
          localPath: put('plain', content),
          outPath: out(`${key.own.name}.pgp`),
          fileName: 'calls.csv',
          recipients: [key.theirs],
          signWith: null,
          armor: false,
        },
        signal,
      )
      .then(
        () => 'done',
        (error: unknown) => (error instanceof JobsdError ? error.message : error),
      )
  const sha1 = await makeGpgKey('sha1', 'rsa2048', ['--cert-digest-algo', 'SHA1'])
  t.equal(
    await encryptTo(sha1),
    'the key sha1 is refused: it vouches for itself by SHA-1 only, which can be forged',
  )
  const aes128 = await makeGpgKey('aes128', 'rsa2048', ['--default-preference-list', 'AES SHA256'])
  t.equal(await encryptTo(aes128), 'the key aes128 is refused: it does not allow AES-256')
  const small = await makeGpgKey('small', 'rsa1024')
  t.match(await encryptTo(small), 'the key small is refused: it is too weak: RSA of 1024 bits')
})
