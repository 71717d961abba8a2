/** Guards of which no other test tells when they are taken away. */
import { createHash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createSftpFiles } from '../../engine/adapters/sftp-files.ts'
import { systemClock } from '../../engine/adapters/system-clock.ts'
import type { SftpConnection } from '../../engine/core/manifest.ts'
import { Secret } from '../../engine/core/secret.ts'
import { createRecord } from '../../scripts/crash/record.ts'
import { startSftpRecorder } from '../../scripts/crash/sftp-recorder.ts'
import { editSmall } from '../engine/config/golden.ts'
import { createStage, until } from '../fakes/engine-stage.ts'

t.test('bytes that an SFTP server acknowledged and did not keep never get a final name', async (t) => {
  const folder = t.testdir({ acme: {}, artifact: '' })
  const localPath = join(folder, 'artifact')
  const bytes = Buffer.from('0123456789'.repeat(10_000))
  writeFileSync(localPath, bytes)
  let lost = 0
  const record = createRecord()
  const server = await startSftpRecorder(
    folder,
    'password',
    () => record,
    () => lost-- > 0,
  )
  const connection: SftpConnection = {
    apiVersion: 'jobsd/v1',
    kind: 'Connection',
    name: 'acme',
    type: 'sftp',
    host: '127.0.0.1',
    port: server.port,
    username: 'acme',
    password: { secret: 'password' },
    hostKeys: [server.hostKey],
  }
  const secrets = { resolve: async () => new Secret('password') }
  const files = createSftpFiles(connection, { secrets, clock: systemClock })
  t.teardown(async () => {
    await files.close()
    await server.close()
  })
  const request = {
    path: '/a.csv',
    localPath,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    key: 'k',
    overwrite: 'fail' as const,
  }
  lost = 9
  await t.rejects(files.put(request, new AbortController().signal), { code: 'VERIFY_FAILED' })
  t.same(record.publishes, [])
  t.same(readdirSync(join(folder, 'acme')), [], 'nor is anything left')
  lost = 0
  await files.put(request, new AbortController().signal)
  t.match(record, { publishes: [{ path: 'acme/a.csv', sha256: request.sha256 }], faults: [] })
})

t.test('a newcomer does not take the place of the campaign job that is in force', async (t) => {
  const campaign = (name: string) => `apiVersion: jobsd/v1
kind: Job
name: ${name}
title: Campaign
client: acme
scope: client
trigger: { type: campaign }
steps: [{ name: tell, type: email, connection: mail, to: [x@acme.example], template: note }]
`
  const files = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [`jobs.d/acme/${name}.yaml`, campaign(name)]))
  const stage = createStage(t, async () => ({ ok: true, note: '' }), { source: { settleMs: 0 } })
  stage.state.tree = { ...editSmall(files('incumbent')), revision: 'a'.repeat(40) }
  await stage.engine.start({ triggers: true })
  // By its name it would come first.
  stage.state.tree = { ...editSmall(files('a-newcomer', 'incumbent')), revision: 'b'.repeat(40) }
  stage.engine.reload()
  await until(async () => (await stage.engine.status()).revision.attempted === 'b'.repeat(40))
  const { jobs } = await stage.engine.status()
  t.match(
    jobs.filter(({ job }) => job !== 'acme/eod').map(({ job, sync }) => [job, sync]),
    [
      ['acme/a-newcomer', 'Invalid'],
      ['acme/incumbent', 'Synced'],
    ],
  )
  await stage.engine.stop()
})
