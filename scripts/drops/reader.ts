/** What became of the files, read by none of the engine's code: the ledger by plain SQL, the bytes from the disk. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { readLedgerCopy } from '../ledger-copy.ts'

export interface RunFileRow {
  run: string
  path: string
  sha256: string
  state: string
  createdAt: string
  startedAt: string | null
}

/** The files of runs, from a copy of the ledger. */
export function readRuns(data: string): RunFileRow[] {
  return readLedgerCopy(data, (all) =>
    all<Omit<RunFileRow, 'path' | 'sha256'> & { body: string }>(
      `select run.id as run, run_file.body as body, run.state as state, run.created_at as createdAt,
         run.started_at as startedAt
       from run join run_file on run_file.run_id = run.id and run_file.step = 'trigger'`,
    ).map(({ body, ...row }) => {
      const { origin, sha256 } = JSON.parse(body) as { sha256: string; origin: { path: string } }
      return { ...row, sha256, path: origin.path }
    }),
  )
}

/** Runs with how many there are, while an engine writes. */
export function countRuns(data: string): { runs: number; open: number } {
  const path = join(data, 'ledger.db')
  if (!existsSync(path)) return { runs: 0, open: 0 }
  const database = new Database(path, { readonly: true })
  try {
    const count = (sql: string) => (database.prepare(sql).get() as { count: number }).count
    return {
      runs: count('select count(*) as count from run'),
      open:
        count(
          `select count(*) as count from dropped_file where settled is null and outcome <> 'incomplete'`,
        ) + count(`select count(*) as count from run where state in ('queued', 'running')`),
    }
  } finally {
    database.close()
  }
}

/** The sha256 of each stored artifact's bytes as they are on disk. */
export function hashArtifacts(data: string): Set<string> {
  const root = join(data, 'artifacts')
  const hashes = new Set<string>()
  for (const folder of readdirSync(root)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue
    for (const name of readdirSync(join(root, folder))) hashes.add(hashOf(join(root, folder, name)))
  }
  return hashes
}

export function hashFolder(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => hashOf(join(parentPath, name)))
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
