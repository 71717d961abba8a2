/** What one client may see of its jobs: display-ready and redacted. Nothing else leaves this folder. */
import type { CatalogFacts } from '../core/contracts/catalog.ts'
import type { Client } from '../core/manifest.ts'
import type { Instant, JobId, RunDetail, Sha256, Snapshot } from '../core/model.ts'
import { type CalendarMonth, monthId, viewCalendar } from './calendar-view.ts'
import { plannedMonths } from './day-plan.ts'
import { renderFeed } from './feed.ts'
import { type JobSummary, type JobView, type KnownJob, summarizeJob, viewJob } from './job-view.ts'
import { type Moment, spellMoment } from './plain-words.ts'
import { type ReportView, viewReports } from './reports-view.ts'
import { type TodayView, viewToday } from './today-view.ts'

export interface ClientInput {
  client: Client
  /** The running snapshot of each job; those of other clients are left out. */
  snapshots: Snapshot[]
  /** Newest first; those of other clients are left out. */
  runs: RunDetail[]
  /** What the ledger knows besides; null without one. What is of other clients is left out. */
  facts: CatalogFacts | null
  /** Older versions that `facts` names, by digest; one that is not here is left out of the changes. */
  versions: ReadonlyMap<Sha256, Snapshot>
  now: Instant
  /** Jobs whose newest version did not compile; what is wrong with them is not shown. */
  invalid: { job: JobId; message?: string }[]
}

export interface ClientView {
  name: string
  title: string
  timezone: string
  /** When this was read, in the client's zone. */
  asOf: Moment
  /** By title. */
  jobs: JobSummary[]
  /** The page of a job, made when it is asked for: a client may have ten thousand. Throws RangeError for no such job. */
  job(name: string): JobView
  today: TodayView
  /** The calendar's first month, `2026-11`. */
  month: string
  calendar: CalendarMonth[]
  reports: ReportView[]
  /** The calendar as an iCalendar file. */
  feed: string
}

/** Shows a client its jobs. Snapshots and runs of anybody else, and dry runs, are as if they were not there. */
export function clientView(input: ClientInput): ClientView {
  const { client } = input
  const nowMs = Date.parse(input.now)
  const known = new Map(knowJobs(input).map((job) => [job.snapshot.manifest.name, job]))
  const find = (name: string) => {
    const job = known.get(name)
    if (!job) throw new RangeError(`there is no job ${name}`)
    return job
  }
  const summaries = [...known.values()].map((job) => summarizeJob(job, client, nowMs))
  return composeView(client, summaries, { snapshot: (name) => find(name).snapshot, known: find }, nowMs)
}

/** Where a view finds what it shows; throws RangeError for no such job. */
export interface JobFinder {
  snapshot(name: string): Snapshot
  known(name: string): KnownJob
}

/** Puts together what is known of each job. What is not asked for is not made. */
export function composeView(
  client: Client,
  summaries: readonly JobSummary[],
  find: JobFinder,
  nowMs: number,
): ClientView {
  const { timezone } = client
  const jobs = summaries.toSorted((a, b) => collator.compare(a.title, b.title) || (a.name < b.name ? -1 : 1))
  let today: TodayView | undefined
  let calendar: CalendarMonth[] | undefined
  let reports: ReportView[] | undefined
  let feed: string | undefined
  return {
    name: client.name,
    title: client.title,
    timezone,
    asOf: spellMoment(timezone, nowMs),
    jobs,
    month: monthId(plannedMonths(timezone, nowMs)[0] ?? 0),
    job: (name) => viewJob(find.known(name), client, nowMs),
    get today() {
      today ??= viewToday(jobs, timezone, nowMs)
      return today
    },
    get calendar() {
      calendar ??= viewCalendar(jobs, timezone, nowMs)
      return calendar
    },
    get reports() {
      reports ??= viewReports(
        jobs.map(({ name }) => find.snapshot(name)),
        client,
      )
      return reports
    },
    get feed() {
      feed ??= renderFeed(client.title, jobs, nowMs)
      return feed
    },
  }
}

// Much quicker than localeCompare, which looks for its rules each time.
const collator = new Intl.Collator('en')

/** What is known of each of the client's own jobs. */
export function knowJobs(input: ClientInput): KnownJob[] {
  const { client, facts, versions } = input
  const isOwn = (job: JobId) => job.startsWith(`${client.name}/`)
  const own = <T extends { job: JobId }>(items: T[] = []) =>
    Map.groupBy(
      items.filter(({ job }) => isOwn(job)),
      ({ job }) => job,
    )
  const runs = own(input.runs.filter((run) => run.client === client.name && !run.dryRun))
  const outcomes = own(facts?.outcomes)
  const applied = own(facts?.versions)
  const expectations = own(facts?.expectations)
  const invalid = new Set(input.invalid.map(({ job }) => job))
  return input.snapshots
    .filter(
      ({ job, manifest, client: owner }) =>
        isOwn(job) && manifest.client === client.name && owner.name === client.name,
    )
    .map((snapshot) => ({
      snapshot,
      runs: runs.get(snapshot.job) ?? [],
      outcomes: outcomes.get(snapshot.job) ?? [],
      versions: (applied.get(snapshot.job) ?? []).flatMap(({ at, snapshot: digest }) => {
        const version = versions.get(digest)
        return version?.job === snapshot.job ? [{ at, snapshot: version }] : []
      }),
      expectation: expectations.get(snapshot.job)?.[0],
      since: facts?.since[snapshot.job],
      isInvalid: invalid.has(snapshot.job),
    }))
}
