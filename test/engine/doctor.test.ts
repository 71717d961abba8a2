import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../engine/adapters/system-clock.ts'
import type { Finding } from '../../engine/core/contracts/checkup.ts'
import { JobsdError } from '../../engine/core/errors.ts'
import type { Connection, S3Connection, SmtpConnection } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'
import { createCheckup } from '../../engine/doctor.ts'
import { startS3Server } from '../../scripts/demo/s3-server.ts'
import { startSftpServer } from '../../scripts/demo/sftp-server.ts'
import { startSmtpServer } from '../../scripts/demo/smtp-server.ts'
import { sftpConnection } from '../contracts/file-trees.ts'

const canary = 'canary-4711-password'
const never = new AbortController().signal
const folder = t.testdir({ sftp: { acme: {} }, drop: { 'a.csv': 'a' } })

async function checkup(connection: Connection, write = false, known = canary): Promise<Finding[]> {
  const secrets = {
    resolve: async (name: string) => {
      if (known === '') throw new JobsdError('SECRET_MISSING', { name, variable: 'X' })
      return new Secret(known)
    },
  }
  const examine = createCheckup({ secrets, clock: systemClock })
  const findings = await examine({ connection, write, tenants: [], queries: [] }, never)
  t.notMatch(JSON.stringify(findings), /canary/)
  return findings
}
const linesOf = (findings: Finding[]) => findings.map(({ level, text }) => `${level} ${text}`)

t.test(
  'an SFTP server: login, pinned host key, missing extensions, and a file with --write only',
  async (t) => {
    const names: string[] = []
    const server = await startSftpServer({
      root: join(folder, 'sftp'),
      users: [{ username: 'acme', password: canary, folder: 'acme' }],
      onWrite: (path) => {
        names.push(path)
        return 'ok'
      },
    })
    t.teardown(() => server.close())
    const connection = sftpConnection({
      port: server.port,
      hostKeys: [server.hostKeyFingerprint],
      password: { secret: 'acme-password' },
    })
    const plain = linesOf(await checkup(connection))
    t.match(plain, [
      'ok logged in as acme, the host key is a pinned one',
      /^ok the connection uses curve25519-sha256.*, ssh-ed25519, aes128-gcm@openssh.com$/,
      /^warning the server has no posix-rename/,
      /^warning the server has no fsync/,
      'ok the folder / has 0 items',
    ])
    t.same(names, [])
    const written = linesOf(await checkup(connection, true))
    t.same(written, [...plain, 'ok a file was written, read back, renamed and deleted'])
    t.match(names, [/\.jobsd-doctor-/])
    t.same(readdirSync(join(folder, 'sftp/acme')), [], 'and nothing stays')
    t.match(linesOf(await checkup(connection, false, 'canary-wrong')), [/^problem .*refused/])
    const other = `SHA256:${'A'.repeat(43)}`
    const before = server.loginAttempts.length
    const [changed] = await checkup({ ...connection, hostKeys: [other] })
    t.equal(changed?.level, 'problem')
    t.ok(changed?.text.includes(server.hostKeyFingerprint), 'the key to pin is shown')
    t.equal(server.loginAttempts.length, before)
    t.match(linesOf(await checkup(connection, false, '')), [/^problem .*acme-password/])
  },
)

t.test('a mail server: greeting and login, and no mail', async (t) => {
  const server = await startSmtpServer({ users: [{ name: 'jobsd', password: canary }] })
  t.teardown(() => server.close())
  const connection: SmtpConnection = {
    ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'mail', type: 'smtp', host: '127.0.0.1' },
    ...{ port: server.port, security: 'none', from: 'a@b.example', username: 'jobsd' },
    password: { secret: 'mail' },
  }
  t.same(linesOf(await checkup(connection, true)), [
    'ok the server greeted, without TLS',
    'ok logged in as jobsd',
  ])
  t.match(linesOf(await checkup(connection, false, 'canary-wrong')), [/^problem .*refused/])
  t.match(linesOf(await checkup({ ...connection, security: 'starttls' })), [/^problem /])
  t.same(server.messages, [])
})

t.test('a bucket: a list of the prefix, and an object with --write only', async (t) => {
  const server = await startS3Server({
    accessKeys: [{ id: canary, secret: canary, buckets: ['acme-reports'] }],
  })
  t.teardown(() => server.close())
  const connection: S3Connection = {
    ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'acme-s3', type: 's3', region: 'us-east-1' },
    ...{ endpoint: server.endpoint, bucket: 'acme-reports', prefix: 'inbox/' },
    ...{ accessKeyId: { secret: 'id' }, secretAccessKey: { secret: 'key' } },
  }
  const reads = [
    `ok 127.0.0.1:${server.port} is on this machine, without TLS`,
    'ok the key is good, bucket acme-reports under inbox/ is empty',
  ]
  t.same(linesOf(await checkup(connection)), reads)
  t.same(linesOf(await checkup(connection, true)), [
    ...reads,
    'ok an object was put, read back and deleted',
    'ok the store refuses to put onto a taken key (If-None-Match)',
  ])
  t.same(await server.objects('acme-reports'), [])
  t.match(linesOf(await checkup(connection, false, 'canary-wrong')), [/^problem .*refused/])
})

t.test('a folder: there, readable, and writable with --write', async (t) => {
  const connection: Connection = {
    ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'drop', type: 'folder' },
    path: join(folder, 'drop'),
  }
  t.same(linesOf(await checkup(connection, true)), [
    'ok the folder has 1 item',
    'ok a file was written, read back and deleted',
  ])
  t.same(readdirSync(join(folder, 'drop')), ['a.csv'])
  t.match(linesOf(await checkup({ ...connection, path: join(folder, 'none') })), [/^problem .*none/])
  writeFileSync(join(folder, 'file'), '')
  t.match(linesOf(await checkup({ ...connection, path: join(folder, 'file') })), [/^problem .*ENOTDIR/])
})

const isRoot = process.getuid?.() === 0
t.test('a folder that may not be written is a problem', { skip: isRoot && 'root may' }, async (t) => {
  mkdirSync(join(folder, 'closed'))
  chmodSync(join(folder, 'closed'), 0o500)
  const path = join(folder, 'closed')
  const findings = await checkup(
    { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'drop', type: 'folder', path },
    true,
  )
  t.match(linesOf(findings), [/^problem .*EACCES/])
})

t.test('an error that is none of the table is a bug and comes through', async (t) => {
  const secrets = {
    resolve: async () => {
      throw new TypeError('a bug')
    },
  }
  const connection = sftpConnection({ port: 1, hostKeys: [], password: { secret: 'x' } })
  const request = { connection, write: false, tenants: [], queries: [] }
  await t.rejects(createCheckup({ secrets, clock: systemClock })(request, never), TypeError)
})
