/** What of a dataset a report's queries need, decided before any row is near. */
import type { WantedTable } from '../core/contracts/database-tables.ts'
import { type FileFormat, machineFormats } from '../core/report-file.ts'
import { type DatasetTableName, datasetTables } from './dataset-tables.ts'
import { namedColumns } from './named-columns.ts'
import { checkQuery } from './query-check.ts'

export interface QuerySet {
  report: string
  sql: string
  totalsSql: string | null
  format: FileFormat
  /** Null where no mail shows the report. */
  overview: unknown
}

export interface Needs {
  tables: DatasetTableName[]
  /** In lower case, of whichever table; null is all. */
  columns: ReadonlySet<string> | null
}

/** Nobody reads a machine's totals, unless a mail shows them. */
export function wantsTotals({ totalsSql, overview, format }: QuerySet): boolean {
  return totalsSql !== null && (overview !== null || !machineFormats.includes(format))
}

/** Throws REPORT_FAILED unless each query is exactly one harmless SELECT. */
export async function findNeeds(queries: QuerySet): Promise<Needs> {
  const { report, sql, totalsSql } = queries
  const texts = wantsTotals(queries) ? [sql, totalsSql!] : [sql]
  const named: DatasetTableName[] = []
  for (const text of texts) named.push(...(await checkQuery(report, text)))
  return { tables: [...new Set(named)], columns: await namedColumns(texts) }
}

const mappedFrom = ['result', 'service']

/** Whether the copy of a table gets the client's own outcomes in place of the data's. */
export function isMapped(table: DatasetTableName, columns: Needs['columns'], hasOutcomes: boolean): boolean {
  if (table !== 'calls' || !hasOutcomes) return false
  return columns === null || [1, 2, 3].some((at) => columns.has(`custom_outcome_${at}`))
}

/** The columns of one table that its copy is made with: those that are needed, and those that decide on its rows. */
export function copiedColumns(
  table: DatasetTableName,
  columns: Needs['columns'],
  hasOutcomes: boolean,
): ReadonlySet<string> | null {
  if (columns === null) return null
  const kept = isMapped(table, columns, hasOutcomes) ? [...mappedFrom, 'client'] : ['client']
  return new Set([...columns, ...kept])
}

/** What a database is asked for: the contract's columns alone, so that their types are known. */
export function wantedTables({ tables, columns }: Needs, hasOutcomes: boolean): WantedTable[] {
  return tables.map((name) => {
    const copied = copiedColumns(name, columns, hasOutcomes)
    const listed = Object.entries(datasetTables[name])
    const wanted = listed.filter(
      ([column]) => copied === null || copied.has(column) || column === 'call_center',
    )
    return { name, columns: Object.fromEntries(wanted) }
  })
}
