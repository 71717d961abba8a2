/**
 * The query's rows, every one computed before the first is written. DuckDB's stream ends at an error as it ends at
 * its last row and keeps the error to itself; `run` throws it, but a result of its own would not leave memory.
 */
import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  StatementType,
} from '@duckdb/node-api'
import { JobsdError } from '../core/errors.ts'
import { bindParameters, type ParameterValue } from './parameters.ts'

export interface StoredResult {
  /** In the query's order. May end early, then with fewer rows than `rowCount`. */
  stream: DuckDBResult
  rowCount: number
}

/**
 * Runs the query into a temporary table, which goes to the temporary folder where it outgrows memory. Throws what
 * DuckDB throws, and REPORT_FAILED unless the query is exactly one SELECT whose parameters are all there.
 */
export async function storeResult(
  connection: DuckDBConnection,
  query: { report: string; sql: string; parameters: Record<string, ParameterValue> },
): Promise<StoredResult> {
  const statement = await prepareStore(connection, query.report, query.sql)
  bindParameters(statement, query.report, query.parameters)
  const [counted] = await (await statement.run()).getRows()
  return { stream: await connection.stream('SELECT * FROM result'), rowCount: Number(counted![0]) }
}

async function prepareStore(
  connection: DuckDBConnection,
  report: string,
  sql: string,
): Promise<DuckDBPreparedStatement> {
  // Not in parentheses: the query may end in a semicolon or a comment.
  const statements = await connection.extractStatements(`CREATE TEMP TABLE result AS ${sql}`)
  const statement = statements.count === 1 ? await statements.prepare(0) : undefined
  if (statement?.statementType !== StatementType.CREATE) {
    throw new JobsdError('REPORT_FAILED', {
      report,
      reason: 'the query must be exactly one SELECT statement',
    })
  }
  return statement
}
