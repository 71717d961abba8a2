/** Syncs as people read them. */
import type { Sync, SyncCounts } from '../core/contracts/sync.ts'
import type { Status } from '../runtime/status.ts'
import { toOneLine } from './one-line.ts'
import { shortenDigests } from './run-words.ts'
import { formatTable } from './table.ts'

const kinds = ['changed', 'added', 'renamed', 'removed', 'kept', 'invalid'] as const

/** `2 changed, 1 added, 3 invalid`. */
export function describeCounts(counts: SyncCounts): string {
  const told = kinds.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`)
  return told.length > 0 ? told.join(', ') : 'nothing'
}

export function describeSyncs(syncs: readonly Sync[]): string {
  if (syncs.length === 0) return 'no syncs yet'
  return formatTable(
    ['WHEN', 'REVISION', 'OUTCOME', 'REASON', 'CHANGED', 'MS', 'COMMIT'],
    syncs.map((sync) => [
      sync.endedAt,
      shortenDigests(sync.revision ?? '-'),
      sync.times > 1 ? `${sync.outcome} (${sync.times} times)` : sync.outcome,
      sync.reason,
      sync.outcome === 'applied' || sync.outcome === 'partly' ? describeCounts(sync.counts) : '-',
      String(sync.durationMs),
      describeCommit(sync),
    ]),
  )
}

function describeCommit({ commit }: Sync): string {
  if (!commit) return '-'
  const { author, signature } = commit
  const signed = signature.state === 'good' ? `signed by ${signature.signer}` : 'signature not checked'
  return toOneLine(`${author}, ${signed}`)
}

/** What is wrong with the source, a sentence; undefined where all of it is in force. */
export function describeTrouble({ source, syncs }: Pick<Status, 'source' | 'syncs'>): string | undefined {
  const [last] = syncs
  if (!last) return 'no engine has read it yet'
  const message = toOneLine(source.message)
  const times = last.times > 1 ? ` (${last.times} times)` : ''
  if (last.outcome === 'unread') return `cannot be read since ${last.startedAt}${times}: ${message}`
  if (last.outcome === 'refused') return `refused since ${last.startedAt}${times}: ${message}`
  if (last.outcome === 'partly') return `in force but for: ${message}`
  return undefined
}
