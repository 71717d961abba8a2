/** Problems of the queries that ask for a job's rows: what only the database's own parser can tell. */
import type { Job } from '../core/manifest.ts'
import type { JobId, Problem } from '../core/model.ts'
import { judgeQueries, type QueryFault } from '../reports/judge-queries.ts'
import { type LoadedDocument, placeInText, placeOf } from './places.ts'

// Of the jobs that were looked at last: an engine reads its source again and again.
let known = new Map<string, QueryFault | null>()

const pointer = '/fanOut/query'

/**
 * Judges each query that is new, all of them in one process; where no job has one, nothing is started. A query that
 * cannot be judged now is not held against its job: a run of it tells.
 */
export async function judgeFanOuts(jobs: ReadonlyMap<JobId, LoadedDocument<Job>>): Promise<Problem[]> {
  const asking = [...jobs.values()].filter(({ value }) => value.fanOut !== undefined)
  const queries = [...new Set(asking.map(queryOf))]
  const fresh = queries.filter((query) => !known.has(query))
  const judged = fresh.length === 0 ? [] : await judgeQueries(fresh, new AbortController().signal)
  const faults = new Map<string, QueryFault | null>()
  for (const query of queries) {
    const fault = known.has(query) ? known.get(query) : judged?.[fresh.indexOf(query)]
    if (fault !== undefined) faults.set(query, fault)
  }
  known = faults
  return asking.flatMap((document) => {
    const fault = faults.get(queryOf(document))
    return fault ? [describe(document, fault)] : []
  })
}

function queryOf({ value }: LoadedDocument<Job>): string {
  return value.fanOut?.query ?? ''
}

function describe(document: LoadedDocument<Job>, { reason, at }: QueryFault): Problem {
  const place =
    at === null
      ? placeOf(document, pointer)
      : // The database counts characters, not the halves that some of them have here.
        placeInText(document, pointer, [...queryOf(document)].slice(0, at).join('').length)
  const { file, line, column, endLine, endColumn } = place
  return { file, line, column, endLine, endColumn, rule: 'fan-out-query', severity: 'error', message: reason }
}
