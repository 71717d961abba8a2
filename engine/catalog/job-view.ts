/** One job's page: its definition, what is to come, and what happened. */
import type { JudgedMoment, RunOutcome } from '../core/contracts/catalog.ts'
import type { Client } from '../core/manifest.ts'
import type { Instant, RunDetail, Snapshot } from '../core/model.ts'
import { type ChangeView, viewChanges } from './changes-view.ts'
import { planDays } from './day-plan.ts'
import { type DefinitionView, viewDefinition } from './definition-view.ts'
import { describeFreshness, type ExpectationView, viewExpectation } from './freshness.ts'
import {
  type LastExecution,
  type LastStepView,
  type RunView,
  viewLastExecution,
  viewLastSteps,
  viewRun,
  worstOfNewest,
} from './history-view.ts'
import { type OutcomeDays, viewOutcomeDays } from './outcome-days.ts'
import { type Moment, spellMoment } from './plain-words.ts'
import { type Attention, type TodayJob, viewJobToday } from './today-view.ts'
import {
  nextExecution,
  type ScheduleView,
  type TriggerView,
  viewSchedule,
  viewTrigger,
} from './trigger-view.ts'
import { type UpcomingView, upcomingSlots, viewUpcoming } from './upcoming.ts'

/** A job as the list, the overview and the calendar show it. */
export interface JobSummary extends TodayJob {
  /** Of its reports: `Call, Campaign`; `Files` without a report. */
  category: string
  isEnabled: boolean
  trigger: TriggerView
  last: LastExecution | null
  /** In the client's zone; null where nothing is planned. */
  next: Moment | null
}

export interface JobView extends DefinitionView {
  name: string
  /** Of its reports: `Call, Campaign`; `Files` without a report. */
  category: string
  /** A newer version is held back; this is the one that runs. */
  isChangePending: boolean
  /** Names the running version: the first digits of its snapshot's digest. */
  version: string
  /** When it was first in force; null where that is not known. */
  since: Moment | null
  schedules: ScheduleView[]
  /** In the client's zone; null where nothing is planned. */
  next: Moment | null
  upcoming: UpcomingView[]
  last: LastExecution | null
  /** What went wrong last; null where all is well. */
  attention: Attention | null
  /** The newest 20, newest first. */
  runs: RunView[]
  lastSteps: LastStepView[]
  /** The run whose path is drawn; null before the first. */
  path: RunView | null
  days: OutcomeDays | null
  /** The newest data that it delivered; empty for a job without a report. */
  fresh: string
  expectation: ExpectationView | null
  /** Newest first; empty without a ledger. */
  changes: ChangeView[]
}

/** All that is known of one job, the client's own only. */
export interface KnownJob {
  snapshot: Snapshot
  /** Newest first, none of them a dry run. */
  runs: RunDetail[]
  outcomes: RunOutcome[]
  /** Newest first. */
  versions: { at: Instant; snapshot: Snapshot }[]
  expectation: JudgedMoment | undefined
  since: Instant | undefined
  isInvalid: boolean
}

const maxRuns = 20
const maxChanges = 20
const upcomingCount = 10
const versionDigits = 12

export function summarizeJob(
  { snapshot, runs, expectation }: KnownJob,
  client: Client,
  nowMs: number,
): JobSummary {
  const { manifest } = snapshot
  const last = viewLastExecution(runs, client)
  const today = viewJobToday(runs, last, viewExpectation(snapshot, expectation), client)
  return {
    name: manifest.name,
    title: manifest.title,
    category: describeCategory(snapshot),
    isEnabled: manifest.enabled,
    trigger: viewTrigger(snapshot),
    last,
    next: nextExecution(snapshot, client.timezone, nowMs),
    plan: planDays(snapshot, client.timezone, nowMs),
    recent: today.recent,
    attention: manifest.enabled ? today.attention : null,
  }
}

export function viewJob(known: KnownJob, client: Client, nowMs: number): JobView {
  const { snapshot, runs, since } = known
  const { manifest } = snapshot
  const { timezone } = client
  const walked = worstOfNewest(runs)
  const last = viewLastExecution(runs, client)
  const expectation = viewExpectation(snapshot, known.expectation)
  return {
    ...viewDefinition(snapshot, client),
    name: manifest.name,
    category: describeCategory(snapshot),
    isChangePending: known.isInvalid,
    version: snapshot.digest.slice(0, versionDigits),
    since: since === undefined ? null : spellMoment(timezone, Date.parse(since)),
    schedules: snapshot.schedules.map((schedule) => viewSchedule(schedule, manifest.enabled, nowMs)),
    next: nextExecution(snapshot, timezone, nowMs),
    upcoming: upcomingSlots(snapshot, nowMs, upcomingCount).map((slot) => viewUpcoming(slot, timezone)),
    last,
    attention: manifest.enabled ? viewJobToday(runs, last, expectation, client).attention : null,
    runs: runs.slice(0, maxRuns).map((run) => viewRun(run, client, snapshot)),
    lastSteps: viewLastSteps(runs, client, snapshot),
    path: walked === undefined ? null : viewRun(walked, client, snapshot),
    days: viewOutcomeDays(known.outcomes, timezone, nowMs),
    fresh: describeFreshness(runs, snapshot),
    expectation,
    changes: viewChanges(
      known.versions.slice(0, maxChanges).map((version) => ({
        at: spellMoment(timezone, Date.parse(version.at)),
        definition: viewDefinition(version.snapshot, client),
      })),
    ),
  }
}

function describeCategory(snapshot: Snapshot): string {
  const used = snapshot.manifest.steps.flatMap((step) => (step.type === 'report' ? [step.report] : []))
  const categories = new Set(used.map((report) => report.split('/')[0] ?? ''))
  if (categories.size === 0) return 'Files'
  return [...categories].map((name) => name.charAt(0).toUpperCase() + name.slice(1)).join(', ')
}
