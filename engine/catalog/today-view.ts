/** What a customer asks first: what runs tonight, whether last night's report was sent, and what went wrong. */
import type { Client } from '../core/manifest.ts'
import type { RunDetail } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import type { PlannedDay } from './day-plan.ts'
import type { ExpectationView } from './freshness.ts'
import { adviseOn, helpEntry } from './help-view.ts'
import { type LastExecution, type Outcome, sameExecution } from './history-view.ts'
import { type Moment, spellMoment, spellPeriod } from './plain-words.ts'
import { explainError } from './redact.ts'
import { partTitle } from './row-words.ts'
import { words } from './words.ts'

const dayMs = 86_400_000
const shown = 6

export interface TodayView {
  upcoming: { at: Moment; job: string; title: string; note: string }[]
  moreUpcoming: string
  recent: { at: Moment; job: string; title: string; outcome: Outcome; what: string }[]
  moreRecent: string
  attention: ({ job: string; title: string } & Attention)[]
  moreAttention: string
}

/** What went wrong last, in sentences. */
export interface Attention {
  text: string
  /** What the customer can do; empty where it is only awaited. */
  advice: string
  /** The help's entry that explains it; may be empty. */
  help: string
}

/** What one job adds to the overview. */
export interface JobToday {
  /** The newest execution; null before the first. `what` names what it delivered, may be empty. */
  recent: { startedMs: number; at: Moment; outcome: Outcome; what: string } | null
  attention: Attention | null
}

/** One job as the overview needs it. */
export interface TodayJob extends JobToday {
  name: string
  title: string
  plan: readonly PlannedDay[]
}

export function viewToday(jobs: readonly TodayJob[], timezone: string, nowMs: number): TodayView {
  const upcoming = jobs
    .flatMap(({ name, title, plan }) => {
      const first = firstOf(plan, nowMs + dayMs)
      return first ? [{ name, title, ...first }] : []
    })
    .sort((a, b) => a.atMs - b.atMs)
  const recent = jobs
    .flatMap(({ name, title, recent }) =>
      recent && recent.startedMs > nowMs - dayMs ? [{ job: name, title, ...recent }] : [],
    )
    .sort((a, b) => rank(a.outcome) - rank(b.outcome) || b.startedMs - a.startedMs)
  const attention = jobs.flatMap(({ name, title, attention }) =>
    attention ? [{ job: name, title, ...attention }] : [],
  )
  return {
    upcoming: upcoming.slice(0, shown).map(({ name, title, atMs, times, note }) => ({
      at: spellMoment(timezone, atMs),
      job: name,
      title,
      note: [times > 1 ? words.today.times(times) : '', note].filter(Boolean).join(', '),
    })),
    moreUpcoming: more(upcoming.length, words.today.moreUpcoming),
    recent: recent.slice(0, shown),
    moreRecent: more(recent.length, words.today.moreRecent),
    attention: attention.slice(0, shown),
    moreAttention: more(attention.length, words.today.moreRecent),
  }
}

/** The earliest that is not skipped, up to then. A loop, since it is asked of ten thousand jobs at each run's end. */
function firstOf(plan: readonly PlannedDay[], untilMs: number): PlannedDay | undefined {
  let first: PlannedDay | undefined
  for (const planned of plan)
    if (!planned.isSkipped && planned.atMs <= untilMs && !(first && first.atMs <= planned.atMs))
      first = planned
  return first
}

/** Failures first. */
function rank({ tone }: Outcome): number {
  return tone === 'bad' ? 0 : 1
}

function more(count: number, spell: (count: string) => string): string {
  return count > shown ? spell(spellCount(count - shown, 'more job')) : ''
}

/** What an enabled job adds to the overview, from its runs, newest first. */
export function viewJobToday(
  runs: readonly RunDetail[],
  last: LastExecution | null,
  expectation: ExpectationView | null,
  client: Client,
): JobToday {
  const [newest] = runs
  return {
    recent:
      newest && last
        ? {
            startedMs: Date.parse(newest.startedAt ?? newest.createdAt),
            at: last.at,
            outcome: last.outcome,
            what: describeSent(runs, newest),
          }
        : null,
    attention: findAttention(runs, last, expectation, client),
  }
}

/** What of the newest execution arrived: `Delivered: acme_dallas_20261122.csv and 1 more, data of Sun 22 Nov 2026`. */
function describeSent(runs: readonly RunDetail[], newest: RunDetail): string {
  const same = sameExecution(runs, newest)
  const names = new Set(
    same
      .flatMap(({ steps }) => steps.flatMap(({ deliveries }) => deliveries))
      .flatMap(({ state, artifact }) => (state === 'confirmed' && artifact ? [artifact.fileName] : [])),
  )
  const [first] = names
  if (first === undefined) return ''
  const period = same.flatMap(({ files }) => files).find((file) => file.period !== null)?.period
  return words.today.delivered(
    names.size > 1 ? words.today.files(first, names.size - 1) : first,
    period ? spellPeriod(period) : '',
  )
}

function findAttention(
  runs: readonly RunDetail[],
  last: LastExecution | null,
  expectation: ExpectationView | null,
  client: Client,
): Attention | null {
  if (last?.outcome.tone === 'bad') {
    const failed = runs.find(({ state }) => state === 'failed')
    const code = failureCode(failed)
    const callCenter = failed ? partTitle(client, failed) : ''
    return {
      text: words.today.failed(last.at.text, callCenter, explainError(code)),
      advice: words.today.advice(adviseOn(code)),
      help: helpEntry(code),
    }
  }
  return expectation?.tone === 'bad' ? { text: expectation.verdict, advice: '', help: '' } : null
}

/** The code of its newest failed step; empty where none is known. */
function failureCode(failed: RunDetail | undefined): string {
  return failed?.steps.findLast(({ outcome }) => outcome === 'failed')?.error?.code ?? ''
}
