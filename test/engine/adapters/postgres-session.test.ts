/** What a server is sent first, whatever the engine's environment says. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { openPostgres } from '../../../engine/adapters/postgres-session.ts'
import type { PostgresDatasetConnection } from '../../../engine/core/manifest.ts'
import { Secret } from '../../../engine/core/secret.ts'

const never = new AbortController().signal
/** What an operator's shell may hold, for `psql`. */
const variables = {
  PGHOST: 'elsewhere.example',
  PGHOSTADDR: '192.0.2.1',
  PGPORT: '1',
  PGUSER: 'postgres',
  PGDATABASE: 'postgres',
  PGPASSWORD: 'another',
  PGOPTIONS: '-c row_security=off -c search_path=other',
  PGAPPNAME: 'psql',
  PGREPLICATION: 'database',
  PGSSLMODE: 'disable',
  PGSSLNEGOTIATION: 'direct',
  PGCLIENT_ENCODING: 'LATIN1',
  PGBINARY: 'true',
  PGSERVICE: 'other',
}

/** Connects, and returns the first bytes that a server would see. */
async function firstBytes(t: Test, changes: Partial<PostgresDatasetConnection>): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const seen = Promise.withResolvers<Buffer>()
  server.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (data) => {
      seen.resolve(data)
      socket.destroy()
    })
  })
  const connection: PostgresDatasetConnection = {
    ...{ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'dw', type: 'dataset', format: 'postgres' },
    ...{ host: '127.0.0.1', port, database: 'warehouse', username: 'reader', password: { secret: 'dw' } },
    ...changes,
  }
  const secrets = { resolve: async () => new Secret('a-secret-of-its-own') }
  await t.rejects(openPostgres(connection, secrets, never), { code: 'ENDPOINT_UNREACHABLE' })
  // Nobody came.
  seen.resolve(Buffer.alloc(8))
  return seen.promise
}

/** The settings of a startup message: pairs of texts that end with a zero byte. */
function readStartup(message: Buffer): Record<string, string> {
  const texts = message.subarray(8).toString().split('\0')
  const pairs = texts.flatMap((name, index) =>
    index % 2 === 0 && name !== '' ? [[name, texts[index + 1]]] : [],
  )
  return Object.fromEntries(pairs)
}

t.before(() => Object.assign(process.env, variables))

t.test('no variable of PostgreSQL changes where a dataset leads or what its session is', async (t) => {
  t.same(readStartup(await firstBytes(t, { tls: 'none' })), {
    user: 'reader',
    database: 'warehouse',
    application_name: 'jobsd',
    client_encoding: 'UTF8',
  })
})

t.test('nor whether and how TLS begins', async (t) => {
  const message = await firstBytes(t, {})
  t.same([message.readInt32BE(0), message.readInt32BE(4)], [8, 80_877_103], 'it asks for TLS first')
})

t.test('the variables stay as they are for everything else', async (t) => {
  await firstBytes(t, { tls: 'none' })
  for (const [name, value] of Object.entries(variables)) t.equal(process.env[name], value, name)
})
