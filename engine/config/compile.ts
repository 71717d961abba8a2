/** A checked job to a snapshot: everything that its runs need, by one digest. */
import { createHash } from 'node:crypto'
import type { Calendar, Client, ClientPolicy, Connection, Job, StepType } from '../core/manifest.ts'
import type {
  CompiledJob,
  JobId,
  MailTemplate,
  Problem,
  ReportDefinition,
  Sha256,
  Snapshot,
} from '../core/model.ts'
import { unknownJob } from '../core/unknown-job.ts'
import type { Config } from './config.ts'
import { fillEdges } from './graph.ts'
import { calendarFile, clientFile, connectionFile, policyFile, reportFiles, stepTypeFile } from './layout.ts'
import { compareText } from './problems.ts'
import { callCentersOf } from './rules/call-centers.ts'
import { compileSchedule } from './schedule.ts'
import { locateMail, readMail, readReport } from './templates.ts'
import { calendarsOf, connectionsOf, reportsOf, stepTypesOf, templatesOf } from './uses.ts'

export type Compiled = { snapshot: Snapshot } | { problem: Problem }

/**
 * Compiles a job, or gives the first error in its file or in one that it uses: that error keeps the last good
 * snapshot in place, while errors anywhere else do not. Throws JOB_UNKNOWN where there is no file for the job.
 */
export function compileJob(config: Config, job: JobId): Compiled {
  const problem = findProblem(config, job)
  return problem ? { problem } : { snapshot: buildSnapshot(gatherParts(config, job), config) }
}

export interface Compiler {
  compile(config: Config, job: JobId): Compiled
  /** Forgets every job but these. */
  forgetOthers(jobs: { has(job: JobId): boolean }): void
}

/** As compileJob, for revision after revision: a job of which nothing was changed is not built again. */
export function createCompiler(): Compiler {
  const known = new Map<JobId, { inputs: unknown[]; snapshot: Snapshot }>()
  const compile = (config: Config, job: JobId): Compiled => {
    const problem = findProblem(config, job)
    if (problem) return { problem }
    const parts = gatherParts(config, job)
    const inputs = flatten(parts)
    const before = known.get(job)
    const isSame =
      before?.inputs.length === inputs.length &&
      before.inputs.every((input, index) => input === inputs[index])
    const snapshot = isSame ? before.snapshot : buildSnapshot(parts, config)
    known.set(job, { inputs, snapshot })
    return { snapshot }
  }
  return {
    compile,
    forgetOthers(jobs) {
      for (const job of known.keys()) if (!jobs.has(job)) known.delete(job)
    },
  }
}

function findProblem(config: Config, job: JobId): Problem | undefined {
  const file = config.jobFiles.get(job)
  if (file === undefined) throw unknownJob(job, config.jobFiles.keys())
  const own = config.firstErrors.get(file)
  if (own) return own
  return usedFiles(config, job)
    .map((path) => config.firstErrors.get(path))
    .find((found) => found !== undefined)
}

/** All that a snapshot is made of. The reader gives the same object for the same bytes. */
interface Parts {
  id: JobId
  job: Job
  client: Client
  policy: ClientPolicy
  connections: Record<string, Connection>
  calendars: (Calendar | undefined)[]
  reports: Record<string, ReportDefinition>
  /** The documents that the reports were read from. */
  reportDocuments: unknown[]
  templates: Record<string, MailTemplate>
  stepTypes: Record<string, StepType>
}

function gatherParts(config: Config, id: JobId): Parts {
  const name = id.split('/')[0]!
  const job = config.jobs.get(id)!.value
  return {
    id,
    job,
    client: config.clients.get(name)!.value,
    policy: config.policies.get(name)!.value as ClientPolicy,
    connections: pickConnections(config, connectionNames(config, name, job)),
    calendars: calendarsOf(job).map((calendar) => config.calendars.get(calendar.name)?.value),
    reports: pickReports(config, job),
    reportDocuments: reportsOf(job).map((report) => config.reports.get(report.name)?.value),
    templates: pickTemplates(config, name, job),
    stepTypes: pickStepTypes(config, job),
  }
}

function flatten(parts: Parts): unknown[] {
  const { job, client, policy, connections, calendars, reports, reportDocuments, templates, stepTypes } =
    parts
  return [
    job,
    client,
    policy,
    ...Object.values(connections),
    ...calendars,
    ...Object.values(stepTypes),
    ...reportDocuments,
    ...Object.values(reports).flatMap(({ sql, totalsSql, chartSql }) => [sql, totalsSql, chartSql]),
    ...Object.values(templates).flatMap(({ name, subject, html, text }) => [name, subject, html, text]),
  ]
}

/** The files other than its own that a job without errors of its own depends on. */
function usedFiles(config: Config, id: JobId): string[] {
  const client = id.split('/')[0]!
  const job = config.jobs.get(id)!.value
  const mails = templatesOf(job).map(({ name }) => locateMail(config, client, name))
  const files = [
    clientFile(client),
    policyFile(client),
    ...connectionNames(config, client, job).map(connectionFile),
    ...calendarsOf(job).map(({ name }) => calendarFile(name)),
    ...stepTypesOf(job).map(({ name }) => stepTypeFile(name)),
    ...reportsOf(job).flatMap(({ name }) => Object.values(reportFiles(name))),
    ...mails.flatMap(({ found }) => Object.values(found)),
  ]
  return [...new Set(files)]
}

/** The connections of a job and of its client's dataset, sorted. */
function connectionNames(config: Config, client: string, job: Job): string[] {
  const names = connectionsOf(job).map(({ name }) => name)
  const dataset = config.policies.get(client)?.value.dataset
  if (dataset) names.push(dataset.connection)
  return [...new Set(names)].sort(compareText)
}

function buildSnapshot(parts: Parts, config: Config): Snapshot {
  const { id, job, client, policy, connections, reports, templates, stepTypes } = parts
  const content: Omit<Snapshot, 'digest'> = {
    job: id,
    manifest: fillDefaults(job, client),
    client,
    policy,
    connections,
    schedules:
      job.trigger.type === 'scheduled'
        ? job.trigger.schedules.map((schedule) => compileSchedule(schedule, client, config, id))
        : [],
    expectBy: job.expectBy ? compileSchedule({ name: 'expectBy', ...job.expectBy }, client, config) : null,
    reports,
    templates,
    ...(Object.keys(stepTypes).length > 0 && { stepTypes }),
  }
  return { digest: digestJson(content), ...content }
}

function fillDefaults(job: Job, client: Client): CompiledJob {
  return {
    ...job,
    enabled: job.enabled ?? true,
    callCenters: callCentersOf(job, client),
    steps: fillEdges(job.steps),
  }
}

function pickConnections(config: Config, names: string[]): Record<string, Connection> {
  return Object.fromEntries(names.map((name) => [name, config.connections.get(name)!.value]))
}

function pickReports(config: Config, job: Job): Record<string, ReportDefinition> {
  return Object.fromEntries(reportsOf(job).map(({ name }) => [name, readReport(config, name)!]))
}

function pickTemplates(config: Config, client: string, job: Job): Record<string, MailTemplate> {
  const own = templatesOf(job).map(({ name }) => [name, readMail(config, client, name)] as const)
  return Object.fromEntries(own)
}

function pickStepTypes(config: Config, job: Job): Record<string, StepType> {
  return Object.fromEntries(stepTypesOf(job).map(({ name }) => [name, config.stepTypes.get(name)!.value]))
}

/** The sha256 of a value's canonical JSON: keys sorted, no spaces. */
export function digestJson(value: unknown): Sha256 {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`)
  return `{${entries.join(',')}}`
}
