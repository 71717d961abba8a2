/** What came of an event that a client sent: a pure answer over what is recorded. */
import type { KnownEvent } from '../core/contracts/ledger.ts'
import type { RunDetail } from '../core/model.ts'
import type { Evidence, Explanation, KnownJob } from './explain.ts'
import { proveRun, tellRun } from './explain-words.ts'

export interface AskedEvent {
  id: string
  /** Those of that id, one a source, newest first. */
  events: KnownEvent[]
  /** What they started, of any job. */
  runs: RunDetail[]
}

export function explainEvent({ record }: KnownJob, { id, events, runs }: AskedEvent): Explanation {
  const { job, client } = record
  const mine = runs.filter((run) => run.job === job)
  const evidence = [...events.map(proveEvent), ...mine.flatMap(proveRun)]
  const answer = (found: Explanation['answer'], sentence: string) => ({
    job,
    answer: found,
    sentence,
    evidence,
  })
  const [event] = events
  if (!event)
    return answer('never-seen', `no event ${id} of ${client} is recorded: it never came, or was not accepted`)
  if (mine.length > 0) return answer('taken', `event ${id} started ${mine.map(tellRun).join(' and ')}`)
  if (event.outcome === 'refused') return answer('refused', `event ${id} was refused: ${event.note}`)
  if (event.outcome === 'nothing')
    return answer('ignored', `event ${id} started nothing: ${event.note || 'no enabled job waited for it'}`)
  return answer('ignored', `event ${id} was for other jobs, and started nothing of ${job}`)
}

function proveEvent({ id, type, source, receivedAt, data, outcome }: KnownEvent): Evidence {
  const text = `event ${id} of type ${type} from ${source}, received at ${receivedAt}, ${outcome}: ${JSON.stringify(data)}`
  return { kind: 'event', text, run: null, at: receivedAt }
}
