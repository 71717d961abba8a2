/** The process that reads a report's queries for the tables and columns that they name. No row ever reaches it. */
import type { WantedTable } from '../core/contracts/database-tables.ts'
import { type ErrorCode, type ErrorDetails, JobsdError } from '../core/errors.ts'
import { findNeeds, type QuerySet, wantedTables } from './needs.ts'
import { answerParent, readRequest } from './serve-parent.ts'

export interface NeedsRequest extends QuerySet {
  hasOutcomes: boolean
}

export type NeedsAnswer =
  | { ok: true; tables: WantedTable[] }
  | { ok: false; code: ErrorCode; details: ErrorDetails }

const request = (await readRequest()) as NeedsRequest
try {
  const tables = wantedTables(await findNeeds(request), request.hasOutcomes)
  answerParent({ ok: true, tables } satisfies NeedsAnswer)
} catch (error) {
  if (!(error instanceof JobsdError)) throw error
  answerParent({ ok: false, code: error.code, details: error.details } satisfies NeedsAnswer)
}
