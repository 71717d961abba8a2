/** Rows that were fetched from a database, as the copy of a tenant's rows takes them in. */
import type { CopiedTables } from '../core/contracts/database-tables.ts'
import { type DatasetTableName, datasetTables } from './dataset-tables.ts'
import type { TableSource } from './tenant-copy.ts'

/** Files of CSV as DatabaseTables.copy writes them. */
export interface FetchedRows {
  /** The connection's name, for errors. */
  name: string
  format: 'rows'
  /** The folder with `<table>.rows`. */
  path: string
  columns: CopiedTables
}

/** Said in full: nothing about the files is guessed from what is in them, and `""` stays an empty text. */
export function fetchedSource(table: DatasetTableName, { columns }: FetchedRows): TableSource {
  const types = (columns[table] ?? []).map((name) => `'${name}': '${datasetTables[table][name]}'`).join(', ')
  const dialect = `delim = ',', quote = '"', escape = '"', new_line = '\\n', header = false, auto_detect = false`
  const sql = `read_csv($files, columns = {${types}}, ${dialect}, nullstr = '', allow_quoted_nulls = false, hive_partitioning = false)`
  return { asFound: sql, looked: sql, typed: () => sql }
}
