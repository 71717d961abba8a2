import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../../engine/adapters/system-clock.ts'
import { createCheckup } from '../../../engine/doctor.ts'
import { createRecorder } from '../../../engine/runtime/rehearsal/recorder.ts'
import { postgresFolder } from '../../fakes/postgres-server.ts'
import { openStage } from './stage.ts'

const never = new AbortController().signal

t.test(
  'doctor reads every table of a database and says what is wrong with it',
  { skip: postgresFolder ? false : 'no PostgreSQL' },
  async (t) => {
    const stage = await openStage(t)
    await stage.table('calls', ['client', 'call_center', 'start_at', 'talk_s'], { talk_s: 'text' })
    await stage.table('recordings', ['client', 'call_center', 'created_at', 'bytes'], {
      created_at: 'timestamp',
    })
    await stage.run(`INSERT INTO reporting.calls VALUES
    ('acme', 'dallas', '2026-11-20 06:00:00+02', 'secret-value'), ('zeta', 'x', '2026-11-19 06:00:00Z', '5')`)
    await stage.run(`INSERT INTO reporting.recordings VALUES ('acme', 'dallas', '2026-11-18 06:00:00', 5)`)
    await stage.run('CREATE TABLE reporting.skills (client text)')
    const checkup = createCheckup({ secrets: stage.secrets, clock: systemClock })
    const find = async (change: object, queries: string[] = []) => {
      const connection = { ...stage.connection, ...change }
      const request = { connection, write: false, tenants: ['acme', 'borealis'], queries }
      const findings = await checkup(request, never)
      return findings.map(({ level, text }) => `${level} ${text}`)
    }
    const lines = await find({}, ['SELECT bytes, retention_days FROM recordings', 'SELECT skill FROM skills'])
    t.same(
      lines.filter((line) => !line.endsWith('; no report of a job uses it')),
      [
        'ok logged in as reader, without TLS',
        'ok calls: 2 rows, the newest start_at is 2026-11-20T04:00:00Z',
        'problem calls: talk_s is text instead of INTEGER',
        'problem skills: warehouse refused reporting.skills: permission denied',
        'ok recordings: 1 row, the newest created_at is 2026-11-18T06:00:00Z',
        'problem recordings: there is no column retention_days, but a report of a job uses it',
        'warning 1 row of 1 client that no policy names',
        'warning no table has a row of client borealis',
      ],
    )
    t.ok(
      lines.includes(
        'warning agents: there is no such table in the schema reporting; no report of a job uses it',
      ),
    )
    t.match(await find({ username: 'nobody' }), [/^problem warehouse refused the credentials \(Look at/])
    t.match(await find({ port: 1 }), [/^problem cannot reach warehouse: ECONNREFUSED/])
    t.match(await find({ tls: 'required' }), [/^problem cannot reach warehouse: it does not speak TLS/])
  },
)

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const skip = !postgresFolder ? 'no PostgreSQL' : !hasOpenssl ? 'no openssl' : false

t.test(
  'with TLS only a certificate of the host that a known authority signed is taken',
  { skip },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'jobsd-tls-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    chmodSync(folder, 0o755)
    const [key, cert] = [join(folder, 'server.key'), join(folder, 'server.crt')]
    const names = 'subjectAltName=DNS:localhost'
    const options = [
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      names,
    ]
    spawnSync('openssl', ['req', ...options, '-keyout', key, '-out', cert])
    chmodSync(key, 0o600)
    const postgres =
      statSync('/').uid === process.getuid?.()
        ? spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' })
        : null
    if (postgres && Number(postgres.stdout) > 0) chownSync(key, Number(postgres.stdout), 0)
    const stage = await openStage(t, ['ssl=on', `ssl_cert_file=${cert}`, `ssl_key_file=${key}`])
    await stage.table('calls', ['client', 'call_center'])
    const checkup = createCheckup({ secrets: stage.secrets, clock: systemClock })
    const ca = readFileSync(cert, 'utf8')
    const first = async (change: object) => {
      const connection = { ...stage.connection, tls: 'required' as const, ...change }
      const [finding] = await checkup({ connection, write: false, tenants: [], queries: [] }, never)
      return finding!.text
    }
    t.equal(await first({ ca, host: 'localhost' }), 'logged in as reader, by TLS')
    t.match(await first({ host: 'localhost' }), /^cannot reach warehouse: TLS: self-signed certificate/)
    t.match(await first({ ca, host: '127.0.0.1' }), /^cannot reach warehouse: TLS: .*does not match/)
  },
)

t.test('a rehearsal opens no database', (t) => {
  const parts = { buildMail: async () => Buffer.alloc(0), capture: async () => undefined, steps: [] }
  const endpoints = createRecorder(parts).endpointsFor('build', [])
  t.throws(() => endpoints.tables({ name: 'warehouse' } as never), /opens no database/)
  t.end()
})
