/** The machine format parquet, written by DuckDB itself. */
import { stat } from 'node:fs/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { JobsdError } from '../core/errors.ts'
import type { Column } from '../core/manifest.ts'
import { decimalsOf } from './formats/cell.ts'

/**
 * Writes the table `result`: columns have the report's names; number and percent are DOUBLE, money is DECIMAL with the
 * column's decimals, timestamps are instants in UTC. The connection must be allowed to write the file. Throws what
 * DuckDB throws, and REPORT_FAILED where the file has more than `maxBytes`.
 */
export async function writeParquet(
  connection: DuckDBConnection,
  target: { report: string; columns: readonly Column[]; outPath: string; maxBytes: number },
): Promise<void> {
  const { report, columns, outPath, maxBytes } = target
  const casts = columns.map(
    (column) => `CAST("${column.name}" AS ${parquetType(column)}) AS "${column.name}"`,
  )
  await connection.run(
    `COPY (SELECT ${casts.join(', ')} FROM result) TO '${outPath.replaceAll("'", "''")}' (FORMAT parquet)`,
  )
  if ((await stat(outPath)).size > maxBytes) {
    const reason = `its file has more than ${maxBytes} bytes`
    throw new JobsdError('REPORT_FAILED', { report, reason })
  }
}

function parquetType(column: Column): string {
  if (column.type === 'money') return `DECIMAL(18, ${decimalsOf(column)})`
  const types = {
    text: 'VARCHAR',
    phone: 'VARCHAR',
    integer: 'BIGINT',
    number: 'DOUBLE',
    percent: 'DOUBLE',
    timestamp: 'TIMESTAMPTZ',
    date: 'DATE',
    boolean: 'BOOLEAN',
  }
  return types[column.type]
}
