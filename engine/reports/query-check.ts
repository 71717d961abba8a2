/** What a report's query may be, decided by DuckDB's own parser before any data is near. */
import { JobsdError } from '../core/errors.ts'
import { type DatasetTableName, datasetTables } from './dataset-tables.ts'
import { type OpenDatabase, openDatabase } from './open-database.ts'

const sealed = { enable_external_access: 'false' }

// Others read files, change settings or print: even with the configuration locked, `enable_profiling()` in FROM
// still switches printing on.
const tableFunctions = ['generate_series', 'range', 'unnest']

/**
 * Opens a database that can reach no file but itself, and `written` where that is given, and cannot be given more
 * rights. The caller closes it.
 */
export async function openSealed(
  path: string,
  settings: Record<string, string>,
  written?: string,
): Promise<OpenDatabase> {
  // In this order: without external access, settings that name a folder are refused.
  const database = await openDatabase(path, written === undefined ? { ...settings, ...sealed } : settings)
  const { connection } = database
  if (written !== undefined) {
    await connection.run(`SET allowed_paths = ['${written.replaceAll("'", "''")}']`)
    await connection.run('SET enable_external_access = false')
  }
  await connection.run('SET lock_configuration = true')
  return database
}

/** The dataset's tables that a report's query names. Throws REPORT_FAILED unless it is exactly one harmless SELECT. */
export async function checkQuery(report: string, sql: string): Promise<DatasetTableName[]> {
  const { connection, close } = await openSealed(':memory:', {})
  try {
    return await checkQueryOn(connection, report, sql)
  } finally {
    close()
  }
}

/** As checkQuery, by a sealed database that is open; of a syntax error the details have its `position`, in characters. */
export async function checkQueryOn(
  connection: OpenDatabase['connection'],
  report: string,
  sql: string,
): Promise<DatasetTableName[]> {
  const result = await connection.run('SELECT json_serialize_sql(CAST($1 AS VARCHAR))', [sql])
  const parsed = JSON.parse(String((await result.getRows())[0]?.[0])) as {
    error: boolean
    error_type?: string
    error_message?: string
    position?: string
    statements?: unknown[]
  }
  if (parsed.error && parsed.error_type === 'parser') {
    const reason = `the query does not parse: ${parsed.error_message?.split('\n')[0]}`
    throw refuse(report, reason, parsed.position)
  }
  if (parsed.error || parsed.statements?.length !== 1) {
    throw refuse(report, 'the query must be exactly one SELECT statement')
  }
  const names = new Set<string>()
  for (const source of listSources(parsed.statements)) {
    if (source.type === 'SHOW_REF') throw refuse(report, 'the query must be a SELECT, not DESCRIBE or SHOW')
    const called = source.function?.function_name.toLowerCase()
    if (called !== undefined && !tableFunctions.includes(called)) {
      throw refuse(
        report,
        `the query uses ${called}() in FROM, where only ${tableFunctions.join(', ')} are allowed`,
      )
    }
    if (source.table_name !== undefined) names.add(source.table_name.toLowerCase())
  }
  return (Object.keys(datasetTables) as DatasetTableName[]).filter((table) => names.has(table))
}

/** A part of the query's tree that rows come from. */
interface Source {
  type: string
  table_name?: string
  function?: { function_name: string }
}

function* listSources(node: unknown): Generator<Source> {
  if (typeof node !== 'object' || node === null) return
  if ('type' in node && ['BASE_TABLE', 'TABLE_FUNCTION', 'SHOW_REF'].includes(String(node.type)))
    yield node as Source
  for (const child of Object.values(node)) yield* listSources(child)
}

function refuse(report: string, reason: string, position?: string): JobsdError {
  return new JobsdError('REPORT_FAILED', { report, reason, ...(position !== undefined && { position }) })
}
