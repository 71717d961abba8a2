import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkSftp } from '../../../engine/adapters/check-sftp.ts'
import { systemClock } from '../../../engine/adapters/system-clock.ts'
import type { SftpConnection } from '../../../engine/core/manifest.ts'
import { knownSecrets, newFolder, sftpConnection } from '../../contracts/file-trees.ts'
import type { SftpScript } from '../../fakes/scripted-sftp.ts'
import { failureOf, never, stageSftp } from '../../fakes/sftp-stage.ts'
import { noSshd, startSshDaemon } from '../../fakes/ssh-daemon.ts'

async function check(connection: SftpConnection, write: boolean, secrets: Record<string, string>) {
  const services = { secrets: knownSecrets(secrets), clock: systemClock }
  const findings = await checkSftp(connection, services, write, never)
  return findings.map(({ level, text }) => `${level} ${text}`)
}

async function checkScripted(t: Test, script: SftpScript, changes: Partial<SftpConnection> = {}) {
  const { server } = await stageSftp(t, { script })
  const { port, hostKeyFingerprint } = server
  const document = { port, hostKeys: [hostKeyFingerprint], password: { secret: 'p' }, ...changes }
  return { server, lines: await check(sftpConnection(document), true, { p: 'x' }) }
}

t.test('a weak algorithm that was agreed on is a warning', async (t) => {
  const script: SftpScript = { algorithms: { cipher: ['aes128-cbc'], hmac: ['hmac-sha1'] } }
  const { lines } = await checkScripted(t, script, { legacyAlgorithms: true })
  t.match(lines[1], /^ok the connection uses .*aes128-cbc, hmac-sha1$/)
  t.ok(lines.includes('warning aes128-cbc is weak; the server offers no better'))
  t.ok(lines.includes('warning hmac-sha1 is weak; the server offers no better'))
})

t.test(
  'what a server that knows no extension loses is said, and permissions that it does not set',
  async (t) => {
    const { lines, server } = await checkScripted(t, { ignoresMode: true })
    t.match(lines.slice(2), [
      'warning the server has no posix-rename@openssh.com: a file is replaced by deleting it first',
      'warning the server has no fsync@openssh.com: nobody knows when a file is safe on its disk',
      'ok the folder / has 0 items',
      'ok a file was written, read back, renamed and deleted',
      'warning the server does not set permissions: a step with `permissions` would fail',
    ])
    t.equal(server.files.size, 0)
  },
)

t.test('bytes that come back other than they were written are a problem', async (t) => {
  const { lines } = await checkScripted(t, { keep: (length) => length - 1 })
  t.ok(lines.includes('problem a file read back is not what was written'))
})

t.test('a folder that may not be written to is told as the server tells it', async (t) => {
  const denied = { status: 3, text: 'Permission denied' }
  const failure = failureOf(checkScripted(t, { on: (name) => (name === 'OPEN' ? denied : 'ok') }))
  t.match(await failure, { code: 'TARGET_REFUSED', details: { reason: 'Permission denied' } })
})

t.test('on OpenSSH both extensions are there, and nothing stays', { skip: noSshd }, async (t) => {
  const base = await newFolder(t)
  const folder = join(base, 'files')
  await mkdir(folder)
  const daemon = await startSshDaemon(base)
  t.teardown(() => daemon.close())
  const connection = sftpConnection({
    port: daemon.port,
    hostKeys: [daemon.hostKeyFingerprint],
    username: daemon.username,
    privateKey: { secret: 'key' },
    root: folder,
  })
  t.match(await check(connection, true, { key: daemon.userKey }), [
    /^ok logged in as /,
    /^ok the connection uses /,
    'ok the server has posix-rename@openssh.com and fsync@openssh.com',
    /^ok the folder .* has 0 items$/,
    'ok a file was written, read back, renamed and deleted',
  ])
  t.same(await readdir(folder), [])
})
