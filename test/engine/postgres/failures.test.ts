import '../../fakes/clean-children.ts'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createPostgresTables } from '../../../engine/adapters/postgres-tables.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { type ReportRequest, runReport } from '../../../engine/reports/run-report.ts'
import { postgresFolder } from '../../fakes/postgres-server.ts'
import { createProbe } from '../reports/probe-report.ts'
import { openProxy, openStage } from './stage.ts'

const never = new AbortController().signal

t.test('a database that fails', { skip: postgresFolder ? false : 'no PostgreSQL' }, async (t) => {
  const stage = await openStage(t)
  const folder = t.testdir({ work: {} })
  const { request } = createProbe(folder)
  await stage.table('calls')
  const render = (asked: ReportRequest) =>
    runReport({ ...asked, database: (dataset) => createPostgresTables(dataset, stage) }, never)

  await t.test(
    'a connection that is lost in the middle leaves nothing half, and is tried again',
    async (t) => {
      await stage.run(
        `INSERT INTO reporting.calls (client, call_center, account) SELECT 'acme', 'dallas', repeat('x', 100) FROM generate_series(1, 20000)`,
      )
      const proxy = await openProxy(stage.port, 500_000)
      t.teardown(() => proxy.close())
      const dataset = { ...stage.connection, port: proxy.port }
      const outPath = join(folder, 'half')
      const asked = { ...request('SELECT account FROM calls', 'account'), dataset, outPath }
      const error = await render(asked).catch((thrown: unknown) => thrown)
      t.match(error, { code: 'ENDPOINT_UNREACHABLE', details: { connection: 'warehouse' }, retry: true })
      t.notOk(readdirSync(folder).includes('half'))
      t.same(readdirSync(join(folder, 'work')), [])
    },
  )

  await t.test('what the database is not is told by the table of errors', async (t) => {
    const meet = async (sql: string, change: object = {}, rest: Partial<ReportRequest> = {}) => {
      const dataset = { ...stage.connection, ...change }
      const asked = { ...request(sql, 'x:integer'), dataset, ...rest }
      const error = await render(asked).catch((thrown: unknown) => thrown)
      t.ok(error instanceof JobsdError, String(error))
      return `${(error as JobsdError).code}: ${(error as JobsdError).message}`
    }
    const calls = 'SELECT count(talk_s) AS x FROM calls'
    await stage.run(`CREATE TABLE reporting.agents (logon text, client text)`)
    await stage.table('skills', ['client', 'call_center', 'answer_within_s'], { answer_within_s: 'text' })
    await stage.table('campaigns', ['client', 'name', 'start_at'])
    t.equal(
      await meet('SELECT 1 AS x FROM call_legs'),
      'DATASET_MISSING: the dataset of warehouse lacks reporting.call_legs',
    )
    t.equal(
      await meet('SELECT count(name) AS x FROM campaigns'),
      'DATASET_MISSING: the dataset of warehouse lacks reporting.campaigns.call_center',
    )
    t.equal(
      await meet('SELECT answer_within_s AS x FROM skills'),
      'REPORT_FAILED: report call/probe failed: table skills: answer_within_s is text instead of INTEGER',
    )
    t.match(await meet('SELECT nothing AS x FROM calls'), /^REPORT_FAILED: .*Binder Error: .*nothing/)
    t.equal(
      await meet(
        'SELECT count(logon) AS x FROM agents',
        {},
        { tenant: { client: 'acme', callCenters: null } },
      ),
      'TARGET_REFUSED: warehouse refused reporting.agents: permission denied',
    )
    t.equal(await meet(calls, { username: 'nobody' }), 'AUTH_REFUSED: warehouse refused the credentials')
    t.equal(await meet(calls, { port: 1 }), 'ENDPOINT_UNREACHABLE: cannot reach warehouse: ECONNREFUSED')
    t.equal(
      await meet(calls, { tls: 'required' }),
      'ENDPOINT_UNREACHABLE: cannot reach warehouse: it does not speak TLS',
    )
    t.equal(
      await meet(calls, { database: 'none' }),
      'TARGET_REFUSED: warehouse refused none: there is no such database',
    )
    t.equal(
      await meet('SELECT talk_s AS x FROM calls', {}, { limits: { maxTempBytes: 1000 } }),
      'REPORT_FAILED: report call/probe failed: the rows that it needs are more than 1000 bytes',
    )
    t.match(await meet("SELECT * FROM read_csv('/etc/passwd')"), /^REPORT_FAILED: .*only/)
  })

  await t.test(
    'a statement that takes too long is ended on the server: by its own limit, and by the signal',
    async (t) => {
      await stage.run(
        `CREATE VIEW reporting.call_legs AS SELECT 'acme'::text AS client, 'dallas'::text AS call_center, pg_sleep(600)::text AS kind; GRANT SELECT ON reporting.call_legs TO reader`,
      )
      const asked = request('SELECT count(kind) AS x FROM call_legs', 'x:integer')
      const short = { ...stage.connection, statementTimeout: '200ms' }
      const error = await render({ ...asked, dataset: short }).catch((thrown: unknown) => thrown)
      t.match(error, { code: 'ENDPOINT_TIMEOUT', details: { timeoutMs: 200 } })
      const stop = new AbortController()
      const columns = { client: 'VARCHAR', kind: 'VARCHAR' } as const
      mkdirSync(join(folder, 'aborted'))
      const copying = createPostgresTables(stage.connection, stage).copy(
        {
          report: 'call/probe',
          tables: [{ name: 'call_legs', columns }],
          tenant: { client: 'acme', callCenters: null },
          folder: join(folder, 'aborted'),
          maxBytes: 1e6,
        },
        stop.signal,
      )
      const active = async () =>
        (
          await stage.run(
            `SELECT pid FROM pg_stat_activity WHERE usename = 'reader' AND state = 'active' AND query LIKE 'COPY%'`,
          )
        ).length
      while ((await active()) === 0) await stage.run('SELECT pg_sleep(0.02)')
      stop.abort(new Error('enough'))
      await t.rejects(copying, { message: 'enough' })
      for (let tries = 0; tries < 100 && (await active()) > 0; tries++)
        await stage.run('SELECT pg_sleep(0.02)')
      t.equal(await active(), 0, 'nothing of it goes on')
    },
  )
})
