/** Goes red when a version of ssh2 keeps elsewhere what the engine looks into: transfers work then, but slowly. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import ssh2, { type Client, type SFTPWrapper } from 'ssh2'
import SftpClient from 'ssh2-sftp-client'
import t, { type Test } from 'tap'
import { announcedBy, easePackets, innerClient } from '../../../engine/adapters/sftp-library.ts'
import { openSshd } from '../../contracts/file-trees.ts'
import { startScriptedSftp } from '../../fakes/scripted-sftp.ts'
import { never, requestOf } from '../../fakes/sftp-stage.ts'
import { noSshd } from '../../fakes/ssh-daemon.ts'

type Eased = ReturnType<typeof easePackets>

/** A session of ssh2 alone, eased at each handshake, on a scripted server. */
async function openSession(t: Test, cipher: string, announces: string[] = []) {
  const server = await startScriptedSftp({ announces })
  const socket = connect({ host: '127.0.0.1', port: server.port, noDelay: true })
  const client = new ssh2.Client()
  const found: Eased[] = []
  client.on('handshake', () => void found.push(easePackets(client, socket)))
  client.connect({
    sock: socket,
    username: 'acme',
    password: 'x',
    algorithms: { cipher: [cipher as never] },
  })
  await once(client, 'ready')
  const sftp = await ask<SFTPWrapper>((done) => client.sftp(done))
  t.teardown(async () => {
    socket.destroy()
    await server.close()
  })
  return { server, client, sftp, found }
}

function ask<T = void>(send: (done: (error?: Error | null, answer?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    send((error, answer) => (error ? reject(error) : resolve(answer as T))),
  )
}

async function writeFile(sftp: SFTPWrapper, path: string, bytes: Buffer, chunkBytes: number): Promise<void> {
  const handle = await ask<Buffer>((done) => sftp.open(path, 'w', done))
  const starts = Array.from(
    { length: Math.ceil(bytes.length / chunkBytes) },
    (_, index) => index * chunkBytes,
  )
  await Promise.all(
    starts.map((start) =>
      ask((done) =>
        sftp.write(handle, bytes, start, Math.min(chunkBytes, bytes.length - start), start, done),
      ),
    ),
  )
  await ask((done) => sftp.close(handle, done))
}

/** Agrees on new keys, as either side may at any time. */
async function rekey(client: Client): Promise<void> {
  const { _protocol: protocol } = client as unknown as { _protocol: { rekey(): void } }
  const agreed = once(client, 'handshake')
  protocol.rekey()
  await agreed
}

/** Packets and keys by cipher: with AES-GCM one key is left to make an object of, with others that of each digest. */
const eased: [cipher: string, found: Eased][] = [
  ['aes128-gcm@openssh.com', { seals: true, keys: 1, letsGo: true }],
  ['aes256-gcm@openssh.com', { seals: true, keys: 1, letsGo: true }],
  ['aes128-ctr', { seals: false, keys: 2, letsGo: true }],
]

for (const [cipher, expected] of eased) {
  t.test(`${cipher}: all is found, and a file arrives whole, with new keys on the way`, async (t) => {
    const { server, client, sftp, found } = await openSession(t, cipher)
    const bytes = randomBytes(3_000_001)
    const kept = Buffer.from(bytes)
    const writing = writeFile(sftp, '/a.bin', bytes, 30_000)
    await rekey(client)
    await writing
    await writeFile(sftp, '/b.bin', bytes, 33_000)
    t.same(found, [expected, expected])
    t.ok(bytes.equals(kept), 'what the caller gave is the same as before')
    for (const path of ['/a.bin', '/b.bin']) t.ok(server.files.get(path)?.equals(bytes), path)
  })
}

t.test('what a server announces is found, and 0 where it says nothing of writes', async (t) => {
  const { sftp } = await openSession(t, 'aes128-ctr', ['fsync@openssh.com', 'posix-rename@openssh.com'])
  t.match(announcedBy(sftp), {
    extensions: { 'fsync@openssh.com': '1', 'posix-rename@openssh.com': '1' },
    maxWriteBytes: Number,
  })
  t.ok(announcedBy(sftp).maxWriteBytes < 62 * 1024)
})

t.test('the inner client is one of ssh2', async (t) => {
  t.ok(innerClient(new SftpClient()) instanceof ssh2.Client)
})

t.test('where the library keeps nothing of it, nothing is touched', async (t) => {
  const nothing = { seals: false, keys: 0, letsGo: false }
  const socket = {} as never
  t.same(easePackets({} as never, socket), nothing)
  const protocol = { _cipher: { _encKey: 'text', _encSSLName: 'aes-128-gcm' }, _decipher: {} }
  t.same(easePackets({ _protocol: protocol } as never, socket), nothing)
  t.same(protocol, { _cipher: { _encKey: 'text', _encSSLName: 'aes-128-gcm' }, _decipher: {} })
})

t.test('a cipher that is another one than that which is known stays', async (t) => {
  class Known {
    _encKey = randomBytes(16)
    _encIV = randomBytes(12)
    _encSSLName = 'aes-128-gcm'
    outSeqno = 3
    allocPacket() {}
    encrypt() {}
    free() {}
  }
  class Another extends Known {}
  class LongIv extends Known {
    override _encIV = randomBytes(16)
  }
  class More {
    _encKey = randomBytes(16)
    _encIV = randomBytes(12)
    _encSSLName = 'aes-128-gcm'
    outSeqno = 3
    allocPacket() {}
    encrypt() {}
    free() {}
    flush() {}
  }
  const ease = (cipher: object) => {
    const protocol = { _cipher: cipher }
    const { seals } = easePackets({ _protocol: protocol } as never, {} as never)
    t.equal(protocol._cipher !== cipher, seals)
    return seals
  }
  t.same([new Known(), new Another(), new LongIv(), new More()].map(ease), [true, false, false, false])
})

t.test('OpenSSH that asks for new keys every MiB gets a file whole', { skip: noSshd }, async (t) => {
  const { files } = await openSshd(t, { lines: ['RekeyLimit 1M', 'Ciphers aes128-gcm@openssh.com'] })
  const { request } = await requestOf(t, 12_000_000)
  await files.put(request, never)
  t.equal(await files.hash('/a.bin', never), request.sha256)
})
