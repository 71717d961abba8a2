/** A checked job to a snapshot: everything that its runs need, by one digest. */
import { createHash } from 'node:crypto'
import type { Client, ClientPolicy, Connection, Job } from '../core/manifest.ts'
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
import { calendarFile, clientFile, connectionFile, policyFile, reportFiles } from './layout.ts'
import { compareText } from './problems.ts'
import { callCentersOf } from './rules/call-centers.ts'
import { compileSchedule } from './schedule.ts'
import { locateMail, readMail, readReport } from './templates.ts'
import { calendarsOf, connectionsOf, reportsOf, templatesOf } from './uses.ts'

/**
 * Compiles a job, or gives the first error in its file or in one that it uses: that error keeps the last good
 * snapshot in place, while errors anywhere else do not. Throws JOB_UNKNOWN where there is no file for the job.
 */
export function compileJob(config: Config, job: JobId): { snapshot: Snapshot } | { problem: Problem } {
  const file = config.jobFiles.get(job)
  if (file === undefined) throw unknownJob(job, config.jobFiles.keys())
  const own = config.firstErrors.get(file)
  if (own) return { problem: own }
  const used = usedFiles(config, job)
  const problem = used.map((path) => config.firstErrors.get(path)).find((found) => found !== undefined)
  return problem ? { problem } : { snapshot: buildSnapshot(config, job) }
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

function buildSnapshot(config: Config, id: JobId): Snapshot {
  const clientName = id.split('/')[0]!
  const job = config.jobs.get(id)!.value
  const client = config.clients.get(clientName)!.value
  const content: Omit<Snapshot, 'digest'> = {
    job: id,
    manifest: fillDefaults(job, client),
    client,
    policy: config.policies.get(clientName)!.value as ClientPolicy,
    connections: pickConnections(config, connectionNames(config, clientName, job)),
    schedules:
      job.trigger.type === 'scheduled'
        ? job.trigger.schedules.map((schedule) => compileSchedule(schedule, client, config))
        : [],
    reports: pickReports(config, job),
    templates: pickTemplates(config, clientName, job),
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
