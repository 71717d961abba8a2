import { JobsdError } from './errors.ts'
import type { EventData, Instant, Run } from './model.ts'

/** The campaign that an event is about; without a name the id is the name. */
export interface Campaign {
  id: string
  name: string
}

const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/**
 * Reads the campaign from an event: `campaign: { id, name }`, or the same as `campaignId` and `campaignName`.
 * null where there is no event or it has no campaign id.
 */
export function campaignOf(event: EventData | null): Campaign | null {
  const fields = campaignFields(event)
  if (!isName(fields.id)) return null
  return { id: String(fields.id), name: String(isName(fields.name) ? fields.name : fields.id) }
}

/**
 * Reads when the campaign began and ended: `campaign: { start, end }`, or `campaignStart` and `campaignEnd`, both
 * RFC 3339. Without an end it ended with the run's slot; null where the event has no start.
 * Throws PERIOD_UNKNOWN where a time is no instant.
 */
export function campaignTimes(run: Pick<Run, 'event' | 'slot'>): { start: Instant; end: Instant } | null {
  const fields = campaignFields(run.event)
  const start = readInstant('start', fields.start)
  const end = readInstant('end', fields.end) ?? run.slot
  return start === null ? null : { start, end }
}

type Field = EventData[string] | undefined

function campaignFields(event: EventData | null): Record<'id' | 'name' | 'start' | 'end', Field> {
  const read = (from: EventData | null, name: string): Field =>
    from !== null && Object.hasOwn(from, name) ? from[name] : undefined
  const nested = read(event, 'campaign')
  if (typeof nested === 'object') {
    return {
      id: read(nested, 'id'),
      name: read(nested, 'name'),
      start: read(nested, 'start'),
      end: read(nested, 'end'),
    }
  }
  return {
    id: read(event, 'campaignId'),
    name: read(event, 'campaignName'),
    start: read(event, 'campaignStart'),
    end: read(event, 'campaignEnd'),
  }
}

function isName(field: Field): field is string | number {
  return (typeof field === 'string' && field !== '') || typeof field === 'number'
}

function readInstant(which: string, field: Field): Instant | null {
  if (field === undefined || field === '') return null
  // A time without an offset would be read in the machine's zone: refused rather than guessed.
  const ms = typeof field === 'string' && instantPattern.test(field) ? Date.parse(field) : Number.NaN
  if (Number.isNaN(ms)) {
    throw new JobsdError('PERIOD_UNKNOWN', {
      period: 'campaign',
      reason: `its ${which} is not an instant such as 2026-11-22T18:30:00Z`,
    })
  }
  return new Date(ms).toISOString()
}
