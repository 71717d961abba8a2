/** A dataset in PostgreSQL. Its rows come by COPY: the server writes the text, and here nothing is made of each row. */
import { join } from 'node:path'
import type {
  CopiedTables,
  CopyRequest,
  DatabaseTables,
  FoundTable,
  WantedTable,
} from '../core/contracts/database-tables.ts'
import type { Secrets } from '../core/contracts/services.ts'
import { JobsdError } from '../core/errors.ts'
import type { PostgresDatasetConnection } from '../core/manifest.ts'
import type { PostgresSession } from './postgres-session.ts'
import {
  beginReading,
  type CatalogColumn,
  catalogQuery,
  copyStatement,
  fitsType,
  nameTenant,
  prepareReading,
  surveyStatement,
  type TableSelect,
} from './postgres-sql.ts'
import { createSlots } from './slots.ts'

/** A server has few, and many reports come due at once. */
const maxSessions = 4

/** Each act opens a session of its own and closes it, at most four at a time. */
export function createPostgresTables(
  connection: PostgresDatasetConnection,
  { secrets }: { secrets: Secrets },
): DatabaseTables {
  const schema = connection.schema ?? 'public'
  const takeSlot = createSlots(maxSessions)

  async function read<T>(signal: AbortSignal, work: (session: PostgresSession) => Promise<T>): Promise<T> {
    // Loaded when it is needed: most engines have no database.
    const { openPostgres } = await import('./postgres-session.ts')
    const release = await takeSlot(signal)
    try {
      const session = await openPostgres(connection, secrets, signal)
      try {
        const subject = { path: connection.database, report: null }
        await session.query(subject, beginReading)
        await session.query(subject, prepareReading, [String(session.timeoutMs)])
        return await work(session)
      } finally {
        await session.close()
      }
    } finally {
      release()
    }
  }

  return {
    copy: (request, signal) =>
      read(signal, async (session) => {
        const { client, callCenters } = request.tenant
        const { report, folder } = request
        const selects = await planCopies(session, connection.name, schema, request)
        await session.query({ path: schema, report }, nameTenant, [client, callCenters ?? []])
        const copied: CopiedTables = {}
        let left = request.maxBytes
        for (const select of selects) {
          const subject = { path: `${schema}.${select.table}`, report }
          await session.copyTo(
            subject,
            copyStatement(select),
            join(folder, `${select.table}.rows`),
            (bytes) => {
              left -= bytes
              if (left < 0) throw tooManyRows(request)
            },
          )
          copied[select.table] = select.columns.map(({ column }) => column.column)
        }
        return copied
      }),
    survey: (tables, signal) =>
      read(signal, async (session) => {
        const columns = await readCatalog(session, schema, tables)
        const found: (FoundTable | Error | undefined)[] = []
        for (const table of tables) found.push(await surveyTable(session, schema, table, columns))
        return found
      }),
  }
}

async function readCatalog(
  session: PostgresSession,
  schema: string,
  tables: WantedTable[],
): Promise<CatalogColumn[]> {
  const names = tables.map(({ name }) => name)
  const rows = await session.query({ path: schema, report: null }, catalogQuery, [schema, names])
  return rows as unknown as CatalogColumn[]
}

/** Before the first row is read: a table that is not as it should be ends the whole. */
async function planCopies(
  session: PostgresSession,
  connection: string,
  schema: string,
  { report, tables, tenant, maxRows }: CopyRequest,
): Promise<TableSelect[]> {
  const catalog = await readCatalog(session, schema, tables)
  return tables.map(({ name: table, columns }) => {
    const there = catalog.filter((column) => column.table === table)
    const lack = (what: string) => new JobsdError('DATASET_MISSING', { connection, table: what })
    if (there.length === 0) throw lack(`${schema}.${table}`)
    const find = (name: string) => {
      const column = there.find((each) => each.column === name)
      if (!column) throw lack(`${schema}.${table}.${name}`)
      return column
    }
    const owner = {
      client: find('client'),
      callCenter: tenant.callCenters === null ? null : find('call_center'),
    }
    const listed = there.flatMap((column) => {
      const wanted = Object.hasOwn(columns, column.column) ? columns[column.column] : undefined
      if (wanted === undefined) return []
      if (fitsType(column, wanted)) return [{ column, wanted }]
      const reason = `table ${table}: ${column.column} is ${column.words} instead of ${wanted}`
      throw new JobsdError('REPORT_FAILED', { report, reason })
    })
    return { schema, table, columns: listed, owner, ...(maxRows !== undefined && { maxRows }) }
  })
}

async function surveyTable(
  session: PostgresSession,
  schema: string,
  { name: table, columns, moment }: Parameters<DatabaseTables['survey']>[0][number],
  catalog: CatalogColumn[],
): Promise<FoundTable | Error | undefined> {
  const there = catalog.filter((column) => column.table === table)
  if (there.length === 0) return undefined
  const subject = { path: `${schema}.${table}`, report: null }
  const found = there.flatMap((column) => {
    const wanted = Object.hasOwn(columns, column.column) ? columns[column.column] : undefined
    if (wanted === undefined) return []
    return [{ name: column.column, type: column.words, fits: fitsType(column, wanted) }]
  })
  const time = there.find(({ column }) => column === moment)
  const statement = surveyStatement(schema, table, {
    client: there.find(({ column }) => column === 'client'),
    moment: time && fitsType(time, 'TIMESTAMP') ? time : undefined,
  })
  // A failed statement would end the transaction for the tables that follow.
  await session.query(subject, 'SAVEPOINT one_table')
  try {
    const rows = await session.query(subject, statement)
    const owners = rows.map(({ client = null, rows: count }) => ({ client, rows: Number(count) }))
    const newest = rows.flatMap(({ newest: each }) => each ?? []).sort()
    return { name: table, columns: found, owners, newest: newest.at(-1) ?? null }
  } catch (error) {
    if (!(error instanceof JobsdError) || isEnd(error)) throw error
    await session.query(subject, 'ROLLBACK TO SAVEPOINT one_table')
    return error
  }
}

/** Nothing more comes of a session that is gone. */
function isEnd({ code }: JobsdError): boolean {
  return code === 'ENDPOINT_UNREACHABLE' || code === 'ENDPOINT_TIMEOUT'
}

function tooManyRows({ report, maxBytes }: CopyRequest): JobsdError {
  const reason = `the rows that it needs are more than ${maxBytes} bytes`
  return new JobsdError('REPORT_FAILED', { report, reason })
}
