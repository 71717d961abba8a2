/** Fetches from a database what a report's queries need, so that they run on files as they do of any other dataset. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseTables, WantedTable } from '../core/contracts/database-tables.ts'
import { JobsdError } from '../core/errors.ts'
import { toStorageError } from '../core/storage-error.ts'
import type { FetchedRows } from './fetched-rows.ts'
import type { NeedsAnswer, NeedsRequest } from './needs-child.ts'
import { runChild } from './run-child.ts'

export interface FetchTask {
  needs: NeedsRequest
  /** The connection's name. */
  name: string
  database: DatabaseTables
  tenant: { client: string; callCenters: string[] | null }
  /** Of each table. */
  maxRows?: number
  /** Of all rows together, as text. */
  maxBytes: number
  /** Where a folder of its own is made. */
  folder: string
}

const needsTimeoutMs = 60_000

/**
 * The queries are read in a process of their own, which knows neither the database nor its password; what they name is
 * then read by SQL that is not theirs. Throws what `DatabaseTables.copy` does, and REPORT_FAILED for queries that may not be.
 */
export async function fetchRows(task: FetchTask, signal: AbortSignal): Promise<FetchedRows> {
  const { database, tenant, maxRows, maxBytes, name } = task
  const { report } = task.needs
  const tables = await readNeeds(task, signal)
  const folder = join(task.folder, 'rows')
  await mkdir(folder).catch((error: unknown) => {
    throw toStorageError(error)
  })
  const request = { report, tables, tenant, folder, maxBytes, ...(maxRows !== undefined && { maxRows }) }
  return { name, format: 'rows', path: folder, columns: await database.copy(request, signal) }
}

async function readNeeds({ needs, folder }: FetchTask, signal: AbortSignal): Promise<WantedTable[]> {
  const end = await runChild({
    script: new URL('./needs-child.ts', import.meta.url),
    nodeFlags: ['--max-old-space-size=256'],
    request: needs,
    cwd: folder,
    timeoutMs: needsTimeoutMs,
    maxBytes: 2 ** 20,
    signal,
  })
  if (end.kind !== 'answer') {
    const reason =
      end.kind === 'crashed' ? `the query process ended by ${end.how}` : 'the query cannot be read in time'
    throw new JobsdError('REPORT_FAILED', { report: needs.report, reason })
  }
  const answer = end.value as NeedsAnswer
  if (!answer.ok) throw new JobsdError(answer.code, answer.details)
  return answer.tables
}
