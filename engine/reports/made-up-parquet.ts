import type { Column } from '../core/manifest.ts'
import type { Cell } from './formats/cell.ts'
import { openDatabase } from './open-database.ts'
import { writeParquet } from './write-parquet.ts'

/** Writes given cells as a Parquet file. They are made up: no query of a tenant runs in this process. */
export async function writeMadeUpParquet(
  cells: Cell[][],
  target: { report: string; columns: Column[]; outPath: string; maxBytes: number },
): Promise<void> {
  const { connection, close } = await openDatabase(':memory:', {})
  try {
    const types = target.columns.map(({ name, type }) => `"${name}" ${madeUpTypes[type]}`)
    await connection.run(`CREATE TABLE result (${types.join(', ')})`)
    const rows = (cells[0] ?? []).map(
      (_, row) => `(${cells.map((column) => literal(column[row]!)).join(', ')})`,
    )
    if (rows.length > 0) await connection.run(`INSERT INTO result VALUES ${rows.join(', ')}`)
    await writeParquet(connection, target)
  } finally {
    close()
  }
}

const madeUpTypes: Record<Column['type'], string> = {
  text: 'VARCHAR',
  phone: 'VARCHAR',
  integer: 'BIGINT',
  number: 'DOUBLE',
  percent: 'DOUBLE',
  money: 'DOUBLE',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
  boolean: 'BOOLEAN',
}

function literal(cell: Cell): string {
  if (cell === null) return 'NULL'
  if (typeof cell === 'string') return `'${cell.replaceAll("'", "''")}'`
  if (typeof cell !== 'object') return String(cell)
  if ('micros' in cell) return `make_timestamp(${cell.micros})`
  return 'days' in cell ? `DATE '1970-01-01' + ${cell.days}` : `${cell.value} / 1e${cell.scale}`
}
