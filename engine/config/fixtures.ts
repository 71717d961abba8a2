/** Fixture tables of job tests: small CSV or JSON files, a file a table, with only the columns that matter. */
import { posix } from 'node:path'
import type { SourceFile } from '../core/contracts/config-source.ts'
import type { JobId } from '../core/model.ts'
import { suggestWord } from '../core/suggest.ts'
import { datasetTables } from '../reports/dataset-tables.ts'
import { readCsv } from './csv-text.ts'
import { decodeText } from './parse.ts'
import { listWords, quote } from './problems.ts'

export type FixtureRow = Record<string, string | number | boolean | null>

/** Rows by table; every table of the dataset contract is there. */
export type FixtureTables = Record<string, FixtureRow[]>

export interface FixtureFault {
  file: string
  line: number
  message: string
}

const tableNames = Object.keys(datasetTables)

/** The folder of a test's dataset within the source; undefined where it leads out of jobs.d. */
export function fixtureFolder(job: JobId, dataset: string): string | undefined {
  const folder = posix.join('jobs.d', posix.dirname(job), dataset).replace(/\/+$/, '')
  return folder.startsWith('jobs.d/') ? folder : undefined
}

/**
 * Reads `<folder>/<table>.csv` and `.json`. A column that is left out is empty, `client` is then the tenant's; a
 * table that is left out has no rows. Empty CSV cells are null.
 */
export function readFixture(
  files: ReadonlyMap<string, SourceFile>,
  folder: string,
  tenant: string,
): { tables: FixtureTables; faults: FixtureFault[] } {
  const tables: FixtureTables = Object.fromEntries(tableNames.map((name) => [name, []]))
  const faults: FixtureFault[] = []
  const found = listTables(files).get(folder) ?? []
  if (found.length === 0) {
    const message = `there is no table in ${folder}; allowed: ${listWords(tableNames, 'and')}, each as .csv or .json`
    faults.push({ file: folder, line: 1, message })
  }
  for (const file of found) {
    const tell = (message: string, line = 1) => faults.push({ file, line, message })
    const { name, ext } = posix.parse(file)
    if (!Object.hasOwn(tables, name)) {
      tell(
        `there is no table ${quote(name)}${suggestWord(name, tableNames) || `; allowed: ${listWords(tableNames)}`}`,
      )
      continue
    }
    const decoded = decodeText(file, files.get(file)!)
    if ('problem' in decoded) {
      tell(decoded.problem.message, decoded.problem.line)
      continue
    }
    const rows = ext === '.csv' ? readCsvRows(decoded.text, tell) : readJsonRows(decoded.text, tell)
    const columns = Object.keys(datasetTables[name as keyof typeof datasetTables])
    for (const column of new Set(rows.flatMap((row) => Object.keys(row)))) {
      if (columns.includes(column)) continue
      const hint = suggestWord(column, columns) || `; allowed: ${listWords(columns)}`
      tell(`the table ${name} has no column ${quote(column)}${hint}`)
    }
    tables[name]!.push(...rows.map((row) => ({ client: tenant, ...row })))
  }
  return { tables, faults }
}

const listed = new WeakMap<object, ReadonlyMap<string, string[]>>()

/** The CSV and JSON files of a revision by their folder: found once, however many tests ask. */
function listTables(files: ReadonlyMap<string, SourceFile>): ReadonlyMap<string, string[]> {
  const known = listed.get(files)
  if (known) return known
  const folders = new Map<string, string[]>()
  for (const path of files.keys()) {
    if (!/\.(csv|json)$/.test(path)) continue
    const folder = posix.dirname(path)
    folders.set(folder, [...(folders.get(folder) ?? []), path])
  }
  listed.set(files, folders)
  return folders
}

function readCsvRows(text: string, tell: (message: string, line?: number) => void): FixtureRow[] {
  const [head, ...records] = readCsv(text)
  if (!head) return []
  return records.flatMap(({ line, cells }) => {
    if (cells.length === head.cells.length) {
      return [Object.fromEntries(head.cells.map((name, at) => [name, cells[at] === '' ? null : cells[at]!]))]
    }
    tell(`the row has ${cells.length} cells, the heading ${head.cells.length}`, line)
    return []
  })
}

function readJsonRows(text: string, tell: (message: string) => void): FixtureRow[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    tell(`this is not JSON: ${(error as Error).message}`)
    return []
  }
  const isRow = (row: unknown): row is FixtureRow =>
    row !== null &&
    typeof row === 'object' &&
    Object.values(row).every((cell) => cell === null || typeof cell !== 'object')
  if (Array.isArray(value) && value.every(isRow)) return value
  tell('a table is a list of mappings from column to text, number, true, false or null')
  return []
}
