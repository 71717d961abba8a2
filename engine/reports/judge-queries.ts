/** Whether queries of job manifests may be asked at all, told without any data. */
import { tmpdir } from 'node:os'
import { JobsdError } from '../core/errors.ts'
import type { QueryFault } from './judge-child.ts'
import { runChild } from './run-child.ts'

export type { QueryFault } from './judge-child.ts'

const startMs = 30_000
const perQueryMs = 100
/** Of a reason, which quotes the query. */
const perQueryBytes = 2 ** 17

/**
 * The fault of each query, in their order; null for one that is exactly one harmless SELECT. They are read in a process
 * of their own: a text that breaks the parser breaks nothing else. Undefined where it gave no answer for all of them.
 */
export async function judgeQueries(
  queries: string[],
  signal: AbortSignal,
): Promise<(QueryFault | null)[] | undefined> {
  const judging = runChild({
    script: new URL('./judge-child.ts', import.meta.url),
    nodeFlags: ['--max-old-space-size=256'],
    request: { queries },
    cwd: tmpdir(),
    timeoutMs: startMs + queries.length * perQueryMs,
    maxBytes: queries.length * perQueryBytes,
    signal,
  })
  const end = await judging.catch((error: unknown) => {
    // There is no room for a process now, which says nothing of the queries.
    if (error instanceof JobsdError) return undefined
    throw error
  })
  return end?.kind === 'answer' ? (end.value as (QueryFault | null)[]) : undefined
}
