/** Operations on events: each is recorded once, with what came of it. */
import { type Selectable, sql } from 'kysely'
import type {
  DueRecord,
  EventAnswer,
  EventFilter,
  EventRecord,
  EventVerdict,
  KnownEvent,
} from '../../core/contracts/ledger.ts'
import type { EventData } from '../../core/model.ts'
import { raiseNotice } from './alerts.ts'
import { recordDue } from './dues.ts'
import { all, change, db, first, type Operation } from './operation.ts'
import { insertRow } from './prepared.ts'
import type { Tables } from './tables.ts'

export function* recordEvent(
  event: EventRecord,
  dues: DueRecord[],
  verdict?: EventVerdict,
): Operation<EventAnswer> {
  const before = yield* first(
    db
      .selectFrom('event')
      .selectAll()
      .where('client', '=', event.client)
      .where('source', '=', event.source)
      .where('id', '=', event.id),
  )
  if (before) return answerAgain(toEvent(before), event)
  const runIds: string[] = []
  for (const due of dues) runIds.push(...(yield* recordDue(due)))
  const isForgotten = dues.length > 0 && runIds.length === 0
  const { outcome, note, notice } = isForgotten ? forgotten : (verdict ?? judgeByRuns(runIds))
  yield* change(
    insertRow('event', {
      client: event.client,
      source: event.source,
      id: event.id,
      type: event.type,
      body: JSON.stringify(event.data),
      body_sha256: event.bodySha256,
      received_at: event.receivedAt,
      run_ids: JSON.stringify(runIds),
      outcome,
      note,
    }),
  )
  if (notice) yield* raiseNotice(notice.id, notice.facts, event.receivedAt)
  return { known: false, sameBody: true, runIds, outcome, note }
}

/** Keys are kept for longer than events: what starts nothing for that reason must not be told as a start. */
const forgotten: EventVerdict = {
  outcome: 'nothing',
  note: 'an event of this source and id started its runs before and was forgotten since; a new one needs an id of its own',
  notice: null,
}

function judgeByRuns(runIds: string[]): EventVerdict {
  return { outcome: runIds.length > 0 ? 'started' : 'nothing', note: '', notice: null }
}

function answerAgain({ bodySha256, runIds, outcome, note }: KnownEvent, event: EventRecord): EventAnswer {
  const sameBody = bodySha256 === event.bodySha256
  return { known: true, sameBody, runIds: sameBody ? runIds : [], outcome, note: sameBody ? note : '' }
}

export function* readEvents({ client, id, unused, since, limit }: EventFilter): Operation<KnownEvent[]> {
  let query = db.selectFrom('event').selectAll().orderBy('received_at', 'desc').orderBy('id').limit(limit)
  if (client !== undefined) query = query.where('client', '=', client)
  if (id !== undefined) query = query.where('id', '=', id)
  if (since !== undefined) query = query.where('received_at', '>=', since)
  // Not as a parameter: the partial index is used only for the text that it was made with.
  if (unused) query = query.where('run_ids', '=', sql.lit('[]'))
  return (yield* all(query)).map(toEvent)
}

function toEvent(row: Selectable<Tables['event']>): KnownEvent {
  const runIds = JSON.parse(row.run_ids) as string[]
  return {
    client: row.client,
    source: row.source,
    id: row.id,
    type: row.type,
    data: JSON.parse(row.body) as EventData,
    bodySha256: row.body_sha256,
    receivedAt: row.received_at,
    runIds,
    // Of events that were recorded before outcomes were, the runs tell.
    outcome: (row.outcome || (runIds.length > 0 ? 'started' : 'nothing')) as KnownEvent['outcome'],
    note: row.note,
  }
}
