/** What one client may see of its jobs: display-ready and redacted. Nothing else leaves this folder. */
import type { Client } from '../core/manifest.ts'
import type { Instant, JobId, RunDetail, Snapshot } from '../core/model.ts'
import { type LastExecution, type RunView, viewLastExecution, viewRun } from './history-view.ts'
import { type Moment, spellMoment } from './plain-words.ts'
import { type StepView, viewStep } from './step-view.ts'
import {
  nextExecution,
  type ScheduleView,
  type TriggerView,
  viewSchedule,
  viewTrigger,
} from './trigger-view.ts'

export interface ClientInput {
  client: Client
  /** The running snapshot of each job; those of other clients are left out. */
  snapshots: Snapshot[]
  /** Newest first; those of other clients are left out. */
  runs: RunDetail[]
  now: Instant
  /** Not shown: it moves with every other client's changes, and so would tell of them. */
  revision: string
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
  jobs: JobView[]
}

export interface JobView {
  name: string
  title: string
  /** Empty where there is none. */
  description: string
  /** Of its reports: `Call, Campaign`; `Files` without a report. */
  category: string
  scope: 'Client' | 'Call center'
  /** Titles of the call centers it runs for. */
  callCenters: string[]
  isEnabled: boolean
  /** A newer version is held back; this is the one that runs. */
  isChangePending: boolean
  /** Names the running version: the first digits of its snapshot's digest. */
  version: string
  trigger: TriggerView
  schedules: ScheduleView[]
  /** In the client's zone; null where nothing is planned. */
  next: Moment | null
  steps: StepView[]
  last: LastExecution | null
  /** The newest 20, newest first. */
  runs: RunView[]
}

const maxRuns = 20
const versionDigits = 12

/** Shows a client its jobs. Snapshots and runs of anybody else, and dry runs, are as if they were not there. */
export function clientView(input: ClientInput): ClientView {
  const { client } = input
  const nowMs = Date.parse(input.now)
  const snapshots = input.snapshots.filter(
    ({ job, manifest, client: owner }) =>
      isOwn(client, job) && manifest.client === client.name && owner.name === client.name,
  )
  const runs = Map.groupBy(
    input.runs.filter((run) => isOwn(client, run.job) && run.client === client.name && !run.dryRun),
    ({ job }) => job,
  )
  const invalid = new Set(input.invalid.map(({ job }) => job))
  return {
    name: client.name,
    title: client.title,
    timezone: client.timezone,
    asOf: spellMoment(client.timezone, nowMs),
    jobs: snapshots
      .map((snapshot) =>
        viewJob(snapshot, client, runs.get(snapshot.job) ?? [], invalid.has(snapshot.job), nowMs),
      )
      .sort((a, b) => a.title.localeCompare(b.title, 'en') || (a.name < b.name ? -1 : 1)),
  }
}

function viewJob(
  snapshot: Snapshot,
  client: Client,
  runs: RunDetail[],
  isChangePending: boolean,
  nowMs: number,
): JobView {
  const { manifest } = snapshot
  return {
    name: manifest.name,
    title: manifest.title,
    description: manifest.description ?? '',
    category: describeCategory(snapshot),
    scope: manifest.scope === 'call-center' ? 'Call center' : 'Client',
    callCenters: manifest.callCenters.map(
      (name) => client.callCenters.find((callCenter) => callCenter.name === name)?.title ?? name,
    ),
    isEnabled: manifest.enabled,
    isChangePending,
    version: snapshot.digest.slice(0, versionDigits),
    trigger: viewTrigger(snapshot),
    schedules: snapshot.schedules.map((schedule) => viewSchedule(schedule, manifest.enabled, nowMs)),
    next: nextExecution(snapshot, client.timezone, nowMs),
    steps: manifest.steps.map((step) => viewStep(step, snapshot, client.callCenters)),
    last: viewLastExecution(runs, client),
    runs: runs.slice(0, maxRuns).map((run) => viewRun(run, client, snapshot)),
  }
}

function isOwn(client: Client, job: JobId): boolean {
  return job.startsWith(`${client.name}/`)
}

function describeCategory(snapshot: Snapshot): string {
  const used = snapshot.manifest.steps.flatMap((step) => (step.type === 'report' ? [step.report] : []))
  const categories = new Set(used.map((report) => report.split('/')[0] ?? ''))
  if (categories.size === 0) return 'Files'
  return [...categories].map((name) => name.charAt(0).toUpperCase() + name.slice(1)).join(', ')
}
