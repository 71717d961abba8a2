/** The process that reads queries of job manifests: no row, no file and no environment is near it. */
import { JobsdError } from '../core/errors.ts'
import { checkQueryOn, openSealed } from './query-check.ts'
import { answerParent, readRequest } from './serve-parent.ts'

/** What is wrong with a query; `at` counts its characters, null where the whole of it is meant. */
export interface QueryFault {
  reason: string
  at: number | null
}

const { queries } = (await readRequest()) as { queries: string[] }
const { connection } = await openSealed(':memory:', {})
const faults: (QueryFault | null)[] = []
for (const sql of queries) faults.push(await judge(sql))
answerParent(faults)

async function judge(sql: string): Promise<QueryFault | null> {
  try {
    await checkQueryOn(connection, '', sql)
    return null
  } catch (error) {
    if (!(error instanceof JobsdError)) throw error
    const { reason, position } = error.details
    return { reason: String(reason), at: position === undefined ? null : Number(position) }
  }
}
