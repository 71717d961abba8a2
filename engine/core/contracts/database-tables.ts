/** What reports ask of a dataset that is a database: rows of its tables, never a query of their own. */

export type TableColumnType =
  | 'VARCHAR'
  | 'TIMESTAMP'
  | 'DATE'
  | 'INTEGER'
  | 'BIGINT'
  | 'BOOLEAN'
  | 'DOUBLE'
  | 'DECIMAL(12,6)'

/** A table with the columns that are asked for and the types that they are to have. */
export interface WantedTable {
  name: string
  columns: Record<string, TableColumnType>
}

export interface CopyRequest {
  /** `<category>/<name>`, for errors. */
  report: string
  tables: WantedTable[]
  /** Whose rows, by the columns `client` and `call_center`, letter by letter; null is every call center. */
  tenant: { client: string; callCenters: string[] | null }
  /** Of each table. Absent is all. */
  maxRows?: number
  /** Where a file for each table is written, `<table>.rows`. Must exist. */
  folder: string
  /** Of all files together. */
  maxBytes: number
}

/**
 * The columns of each table that was copied, as they stand in its file: CSV in UTF-8 without header, line feeds, quotes
 * as in RFC 4180; an absent value is nothing, an empty text is `""`; times are in UTC without a zone.
 */
export type CopiedTables = Record<string, string[]>

/** A table as it was found. */
export interface FoundTable {
  name: string
  /** Those that were asked for and are there, with the database's word for their type. */
  columns: { name: string; type: string; fits: boolean }[]
  /** Rows by the value of `client`; empty where there is no such column. */
  owners: { client: string | null; rows: number }[]
  /** RFC 3339 in UTC; null where it has no such column, or no value in it. */
  newest: string | null
}

/** The tables of one database. */
export interface DatabaseTables {
  /**
   * Copies the tenant's rows, all of one moment. Columns that are missing stay so, but for the two that say whose a row
   * is. After an error or the signal nothing of it goes on, neither here nor there; files may be left. Throws
   * DATASET_MISSING, REPORT_FAILED, AUTH_REFUSED, ENDPOINT_UNREACHABLE, ENDPOINT_TIMEOUT, TARGET_BUSY, TARGET_REFUSED,
   * STORAGE_FAILED, and what secrets throw.
   */
  copy(request: CopyRequest, signal: AbortSignal): Promise<CopiedTables>
  /**
   * Looks at tables and counts their rows, in the order that they are asked for: undefined for one that is not there,
   * an error of the table for one that cannot be read. `moment` is the column of its newest row. Throws as `copy` does.
   */
  survey(
    tables: (WantedTable & { moment: string | null })[],
    signal: AbortSignal,
  ): Promise<(FoundTable | Error | undefined)[]>
}
