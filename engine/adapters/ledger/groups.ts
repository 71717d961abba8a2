/** Operations on who may run: what a due thing of a full group does, runs cancelled by hand, and what a queue must know. */
import { sql } from 'kysely'
import type { RunGroup, WaitingRun } from '../../core/contracts/ledger.ts'
import type { Audit } from '../../core/contracts/sync.ts'
import type { Instant, RunState } from '../../core/model.ts'
import { recordAction } from './holds.ts'
import { all, change, db, first, type Operation } from './operation.ts'
import { prepare } from './prepared.ts'

/**
 * Makes room in the group, or tells why the due thing is skipped. Only runs that were there before count: the call centers
 * of one due thing wait for each other.
 */
export function* settleConflict(group: RunGroup, by: string, now: Instant): Operation<string | null> {
  if (group.onConflict === 'queue') return null
  const members = yield* all(
    db
      .selectFrom('run')
      .select(['id', 'group_limit'])
      .where('group_name', '=', group.name)
      .where('group_name', '<>', sql.lit(''))
      .where('ended_at', 'is', null)
      .orderBy('created_at')
      .orderBy('id'),
  )
  const limit = Math.min(group.limit, ...members.map((member) => Number(member.group_limit)))
  const tooMany = members.slice(0, Math.max(0, members.length - limit + 1))
  if (tooMany.length === 0) return null
  if (group.onConflict === 'skip') {
    const holders = members.slice(0, limit).map(({ id }) => id)
    return `the group ${group.name} was held by run ${holders.join(', ')}`
  }
  for (const { id } of tooMany) yield* endUnfinished(id, `replaced by run ${by}`, now)
  return null
}

/** Ends a run where it stands. Its token is raised, so that whoever works on it may write nothing more. */
function* endUnfinished(runId: string, why: string, now: Instant): Operation<void> {
  const unsure = yield* all(
    db
      .selectFrom('delivery')
      .select('target')
      .where('run_id', '=', runId)
      .where('state', '=', 'sending')
      .orderBy('target'),
  )
  const targets = unsure.map(({ target }) => target).join(', ')
  const note = targets === '' ? why : `${why}; it was being sent and may be there: ${targets}`
  yield* change(
    db
      .updateTable('run')
      .set((value) => ({
        state: 'cancelled',
        position: null,
        token: value('token', '+', 1),
        note,
        ended_at: now,
      }))
      .where('id', '=', runId),
  )
  yield* change(
    db
      .updateTable('step')
      .set({ outcome: 'failed', note, next: 'end', ended_at: now })
      .where('run_id', '=', runId)
      .where('outcome', '=', 'running'),
  )
}

export function* cancelRun(runId: string, audit: Audit): Operation<RunState | undefined> {
  const row = yield* first(db.selectFrom('run').select('state').where('id', '=', runId))
  if (row?.state !== 'queued' && row?.state !== 'running') return row?.state as RunState | undefined
  yield* endUnfinished(runId, `cancelled by ${audit.who}: ${audit.why}`, audit.at)
  yield* recordAction('cancel', runId, audit)
  return row.state
}

const perQuery = 512

export function* readWaitingRuns(ids?: string[]): Operation<WaitingRun[]> {
  if (!ids) return (yield* all(waiting().orderBy('created_at').orderBy('id'))).map(toWaitingRun)
  const found: WaitingRun[] = []
  for (let from = 0; from < ids.length; from += perQuery) {
    const some = ids.slice(from, from + perQuery)
    const rows = yield* all(
      some.length === 1 ? waitingRun({ id: some[0]! }) : waiting().where('id', 'in', padded(some)),
    )
    found.push(...rows.map(toWaitingRun))
  }
  return found
}

const waitingRun = prepare(({ id }: { id: string }) => waiting().where('id', '=', id))

/** To the next power of two, so that there are few different queries. */
function padded(ids: string[]): string[] {
  const size = 2 ** Math.ceil(Math.log2(ids.length))
  return [...ids, ...Array<string>(size - ids.length).fill(ids[0]!)]
}

function waiting() {
  return db
    .selectFrom('run')
    .select([
      'id',
      'client',
      'trigger_type',
      'slot',
      'schedule',
      'group_name',
      'group_limit',
      'snapshot',
      'position',
      'created_at',
      'started_at',
    ])
    .where('ended_at', 'is', null)
}

type Row = ReturnType<typeof waiting> extends { execute(): Promise<(infer R)[]> } ? R : never

function toWaitingRun(row: Row): WaitingRun {
  return {
    id: row.id,
    client: row.client,
    // What a person asks for is due when it was asked for, whatever slot it covers.
    dueAt: row.trigger_type === 'manual' ? row.created_at : row.slot,
    createdAt: row.created_at,
    schedule: row.trigger_type === 'scheduled' ? row.schedule : null,
    group: row.group_name === '' ? null : { name: row.group_name, limit: Number(row.group_limit) },
    hasBegun: row.started_at !== null,
    snapshot: row.snapshot,
    position: row.position,
    startedAt: row.started_at,
  }
}
