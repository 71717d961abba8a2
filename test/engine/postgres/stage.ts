/** A server with the dataset's tables, and a proxy before it that sees and may cut what is sent. */

import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Client } from 'pg'
import { from } from 'pg-copy-streams'
import type { Test } from 'tap'
import type { TableColumnType } from '../../../engine/core/contracts/database-tables.ts'
import { datasetTables } from '../../../engine/reports/dataset-tables.ts'
import { type PostgresServer, startPostgres } from '../../fakes/postgres-server.ts'

/** As a warehouse may have them: instants with and without a zone, domains, lengths. */
const typeNames: Record<TableColumnType, string> = {
  VARCHAR: 'varchar(200)',
  TIMESTAMP: 'timestamptz',
  DATE: 'date',
  INTEGER: 'integer',
  BIGINT: 'bigint',
  BOOLEAN: 'boolean',
  DOUBLE: 'double precision',
  'DECIMAL(12,6)': 'numeric',
}

export interface Stage extends PostgresServer {
  /** Makes a table of the contract in the schema `reporting`, with those columns. */
  table(name: string, columns?: string[], types?: Record<string, string>): Promise<void>
  /** Loads a file of csv with a header. */
  load(name: string, path: string): Promise<void>
}

export async function openStage(t: Test, settings: string[] = []): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'jobsd-postgres-'))
  // Its zone and format of dates are another's, so that ours are seen to decide.
  const server = await startPostgres(folder, ['timezone=America/New_York', 'datestyle=German', ...settings])
  t.teardown(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  await server.run('CREATE SCHEMA reporting; GRANT USAGE ON SCHEMA reporting TO reader')
  return {
    ...server,
    async table(name, columns, types = {}) {
      const contract = datasetTables[name as keyof typeof datasetTables]
      const listed = (columns ?? Object.keys(contract)).map(
        (column) => `"${column}" ${types[column] ?? typeNames[contract[column] ?? 'VARCHAR']}`,
      )
      await server.run(
        `CREATE TABLE reporting.${name} (${listed.join(', ')}); GRANT SELECT ON reporting.${name} TO reader`,
      )
    },
    async load(name, path) {
      const [header] = readFileSync(path, 'utf8').split('\n')
      const client = new Client({
        host: '127.0.0.1',
        port: server.port,
        user: 'super',
        password: 'of-the-superuser',
        database: 'postgres',
        ssl: false,
      })
      await client.connect()
      await client.query(`SET timezone = 'UTC'; SET datestyle = 'ISO'`)
      const text = `COPY reporting.${name} (${header}) FROM STDIN (FORMAT csv, HEADER true)`
      await pipeline(Readable.from([readFileSync(path)]), client.query(from(text)))
      await client.end()
    },
  }
}

export interface Proxy {
  port: number
  /** All that went to the server, and all that came from it. */
  sent: () => string
  received: () => string
  close(): void
}

/** Passes everything on, and cuts the connection after so many bytes from the server. */
export async function openProxy(target: number, cutAfter = Number.POSITIVE_INFINITY): Promise<Proxy> {
  const up: Buffer[] = []
  const down: Buffer[] = []
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => {})
    }
    client.on('data', (chunk: Buffer) => {
      up.push(chunk)
      upstream.write(chunk)
    })
    let bytes = 0
    upstream.on('data', (chunk: Buffer) => {
      down.push(chunk)
      client.write(chunk.subarray(0, Math.max(0, cutAfter - bytes)))
      bytes += chunk.length
      if (bytes > cutAfter) {
        client.end()
        upstream.destroy()
      }
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    sent: () => Buffer.concat(up).toString('latin1'),
    received: () => Buffer.concat(down).toString('latin1'),
    close() {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}
