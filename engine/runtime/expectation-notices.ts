/** What is told where a job had not done its work by a moment of its `expectBy`, and when it has after all. */
import { alertCopies } from '../core/alert-facts.ts'
import { MINUTE, peopleDay } from '../core/civil.ts'
import type { NoticeFacts, RaisedNotice } from '../core/contracts/alerts.ts'
import type { OwedWork, Verdict } from '../core/expectations.ts'
import type { Snapshot } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { formatLocal, localDayAt } from '../core/zone.ts'

const maxListed = 20

/** A moment at which it was looked. */
export interface Moment {
  momentMs: number
  /** The one before it. */
  previousMs: number
}

/** One notice for each route. None of them names a host or another client, so the copies say the same. */
export function tellVerdict(
  snapshot: Snapshot,
  moment: Moment,
  verdict: Exclude<Verdict, { outcome: 'met' }>,
  earlier: number,
): RaisedNotice[] {
  return toRoutes(snapshot, (isOperators) => {
    const notice = describeVerdict(snapshot, moment, verdict, isOperators)
    const before = earlier > 0 ? [{ name: 'Earlier', value: sayEarlier(earlier) }] : []
    return { ...notice, facts: [...factsOf(snapshot, moment), ...before] }
  })
}

/** `lateMs` is how long after the moment it came. */
export function tellRecovery(
  snapshot: Snapshot,
  moment: Moment,
  outcome: 'late' | 'missing',
  lateMs: number,
): RaisedNotice[] {
  return toRoutes(snapshot, () => ({
    ...describeCame(snapshot, moment, lateMs, outcome === 'missing' ? cameWord(snapshot) : 'it was done'),
    facts: factsOf(snapshot, moment),
  }))
}

type Words = Omit<NoticeFacts, 'facts'>

function describeVerdict(
  snapshot: Snapshot,
  moment: Moment,
  verdict: Exclude<Verdict, { outcome: 'met' }>,
  isOperators: boolean,
): Words {
  if (verdict.outcome === 'came-late') return describeCame(snapshot, moment, verdict.lateMs, 'it was done')
  const { job, manifest } = snapshot
  const by = sayBy(snapshot, moment)
  const list = listOwed(verdict.owed, snapshot)
  if (verdict.outcome === 'late') {
    return {
      kind: 'late',
      title: `${job} is late`,
      message: `${manifest.title}: not everything that was due had ended well by ${by}.`,
      list,
      next: isOperators
        ? 'It is told here when it has. `jobsd runs` shows the runs and their errors.'
        : 'It is told here when it has.',
    }
  }
  return {
    kind: 'missing',
    title: `${job}: ${missingWord(snapshot)} by ${timeOf(snapshot, moment.momentMs)}`,
    message: `${sayMissing(snapshot)} by ${by}.`,
    list,
    next:
      list.length === 0
        ? 'It is told here when it comes.'
        : isOperators
          ? 'It is told here once each slot has a run that ended well: `jobsd run JOB --slot T` starts one.'
          : 'It is told here when it has been made up for.',
  }
}

function describeCame(snapshot: Snapshot, moment: Moment, lateMs: number, what: string): Words {
  const late = `${spellDelay(lateMs)} late`
  return {
    kind: 'recovered',
    title: `${snapshot.job}: ${what} ${late}`,
    message: `${snapshot.manifest.title}: expected by ${sayBy(snapshot, moment)}, it came ${late} and its work has ended well.`,
    list: [],
    next: 'Nothing to do.',
  }
}

function missingWord({ manifest }: Snapshot): string {
  if (manifest.trigger.type === 'ftp-in') return 'no file came'
  return manifest.trigger.type === 'campaign' ? 'no campaign ended' : 'nothing ran'
}

function cameWord({ manifest }: Snapshot): string {
  if (manifest.trigger.type === 'ftp-in') return 'a file came'
  return manifest.trigger.type === 'campaign' ? 'a campaign ended' : 'it was done'
}

function sayMissing(snapshot: Snapshot): string {
  const { trigger } = snapshot.manifest
  if (trigger.type === 'ftp-in') {
    const places = trigger.folders.map(({ connection, path }) => `${path} on ${connection}`)
    return `No file came to ${places.join(' or to ')}`
  }
  if (trigger.type === 'campaign') return `No campaign of ${snapshot.client.title} ended`
  return `${snapshot.manifest.title}: slots passed without a run`
}

const stateWords: Record<OwedWork['state'], string> = {
  queued: 'waits to begin',
  running: 'still runs',
  failed: 'failed',
  cancelled: 'was cancelled',
  missed: 'was missed',
  succeeded: 'ended late',
  skipped: 'ended late',
}

function listOwed(owed: OwedWork[], snapshot: Snapshot): string[] {
  const zone = zoneOf(snapshot)
  const lines = owed.slice(0, maxListed).map(({ slot, callCenter, state }) => {
    const due = `due ${sayMoment(zone, Date.parse(slot))}`
    return [...(callCenter === null ? [] : [callCenter]), due, stateWords[state]].join(', ')
  })
  return owed.length > maxListed ? [...lines, `and ${owed.length - maxListed} more`] : lines
}

function factsOf(snapshot: Snapshot, { momentMs, previousMs }: Moment): NoticeFacts['facts'] {
  const zone = zoneOf(snapshot)
  return [
    { name: 'Job', value: `${snapshot.job}, ${snapshot.client.title}` },
    { name: 'Expected by', value: `${sayMoment(zone, momentMs)}, ${zone}` },
    { name: 'Since', value: sayMoment(zone, previousMs) },
  ]
}

/** `42 min`, `1 h 5 min`; what is shorter than a minute is one. */
function spellDelay(ms: number): string {
  const minutes = Math.max(1, Math.floor(ms / MINUTE))
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return [...(hours > 0 ? [`${hours} h`] : []), ...(rest > 0 ? [`${rest} min`] : [])].join(' ')
}

function sayEarlier(count: number): string {
  return `${spellCount(count, 'moment')} before this one, late or missing too while nothing looked`
}

function toRoutes(snapshot: Snapshot, write: (isOperators: boolean) => NoticeFacts): RaisedNotice[] {
  const copies = alertCopies(snapshot)
  return [
    { recipients: { route: 'operators', to: null }, notice: write(true) },
    ...copies.map((recipients) => ({ recipients, notice: write(false) })),
  ]
}

function zoneOf({ expectBy, client }: Snapshot): string {
  return expectBy?.timezone ?? client.timezone
}

function sayBy(snapshot: Snapshot, { momentMs }: Moment): string {
  return `${timeOf(snapshot, momentMs)} ${zoneOf(snapshot)}`
}

function timeOf(snapshot: Snapshot, epochMs: number): string {
  return formatLocal(zoneOf(snapshot), epochMs, 'HH:mm')
}

function sayMoment(zone: string, epochMs: number): string {
  return `${peopleDay(localDayAt(zone, epochMs))} ${formatLocal(zone, epochMs, 'HH:mm')}`
}
