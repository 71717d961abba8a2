/** The platform's job setup request as a manifest: which report, for whom, when, and how it is delivered. */
import { DAY, HOUR, MINUTE, timeOfDay } from '../../core/civil.ts'
import type { Client, Job } from '../../core/manifest.ts'
import { fileExtension } from '../../core/report-file.ts'
import { jobFile } from '../layout.ts'
import { type NewFile, writeManifest } from '../write-manifest.ts'

type ReportStep = Extract<Job['steps'][number], { type: 'report' }>
type ScheduledTrigger = Extract<Job['trigger'], { type: 'scheduled' }>
type Schedule = ScheduledTrigger['schedules'][number]

export const frequencies = ['eoc', 'eod', 'hourly', 'weekly', 'monthly', 'cron', 'after'] as const
export type Frequency = (typeof frequencies)[number]

export const deliveryWays = ['email', 'sftp', 's3'] as const
export type DeliveryWay = (typeof deliveryWays)[number]

export type DeliveryRequest =
  | { way: 'email'; connection: string; to: string[] }
  | { way: 'sftp'; connection: string; path: string }
  | { way: 's3'; connection: string; prefix: string }

export interface JobRequest {
  client: Client
  name: string
  title: string
  scope: Job['scope']
  /** Default: all of the client's. */
  callCenters?: string[]
  /** `<category>/<name>` */
  report: string
  format: ReportStep['format']
  frequency: Frequency
  /** With `after`: the job that it follows. */
  after?: string
  /** When it is due; not with `eoc` and `after`. */
  schedule?: Omit<Schedule, 'name'>
  period: ReportStep['period']
  onEmpty: ReportStep['onEmpty']
  deliveries: DeliveryRequest[]
}

const words: Record<Frequency, { name: string; title: (report: string) => string; schedule: string }> = {
  eoc: { name: 'eoc', title: (report) => `${report} at the end of a campaign`, schedule: '' },
  eod: { name: 'eod', title: (report) => `End-of-day ${lowerFirst(report)}`, schedule: 'daily' },
  hourly: { name: 'hourly', title: (report) => `Hourly ${lowerFirst(report)}`, schedule: 'hourly' },
  weekly: { name: 'weekly', title: (report) => `Weekly ${lowerFirst(report)}`, schedule: 'weekly' },
  monthly: { name: 'monthly', title: (report) => `Monthly ${lowerFirst(report)}`, schedule: 'monthly' },
  cron: { name: 'scheduled', title: (report) => `Scheduled ${lowerFirst(report)}`, schedule: 'scheduled' },
  after: { name: 'after', title: (report) => `${report} after another job`, schedule: '' },
}

/** The period that a report of that frequency covers unless somebody says otherwise. */
export const usualPeriods: Record<Frequency, ReportStep['period']> = {
  eoc: 'campaign',
  eod: 'day',
  hourly: 'hour',
  weekly: 'week',
  monthly: 'month',
  cron: 'day',
  after: 'day',
}

/** The name that a job gets unless somebody gives one, such as `eod-call-detail`. */
export function suggestJobName(frequency: Frequency, report: string): string {
  const name = `${words[frequency].name}-${report.slice(report.indexOf('/') + 1)}`
  return name.slice(0, 63).replace(/-+$/, '')
}

/** The title that a job gets unless somebody gives one, such as `End-of-day call detail`. */
export function suggestJobTitle(frequency: Frequency, reportTitle: string): string {
  return words[frequency].title(reportTitle).slice(0, 120)
}

/** When the clients' days have ended for sure: half an hour after the cut-off. */
export function usualTime({ dayCutOff = '00:00' }: Pick<Client, 'dayCutOff'>): string {
  const [hours = 0, minutes = 0] = dayCutOff.split(':').map(Number)
  return timeOfDay((hours * HOUR + (minutes + 30) * MINUTE) % DAY)
}

/** The cron expression of a frequency at a time of day `HH:mm`; `hourly` takes only the minute of it. */
export function cronOf(frequency: Exclude<Frequency, 'eoc' | 'cron' | 'after'>, time: string): string {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  if (frequency === 'hourly') return `${minute} * * * *`
  const days = { eod: '* * *', weekly: '* * 1', monthly: '1 * *' }[frequency]
  return `${minute} ${hour} ${days}`
}

/** The job that was requested. */
export function jobOf(request: JobRequest): Job {
  const { client, name, title, scope, callCenters } = request
  return {
    apiVersion: 'jobsd/v1',
    kind: 'Job',
    name,
    title,
    client: client.name,
    scope,
    ...(scope === 'call-center' && callCenters && { callCenters }),
    trigger: triggerOf(request),
    steps: [buildStep(request), ...request.deliveries.map((delivery) => deliveryStep(delivery, request))],
  }
}

/** Writes the manifest of the job that was requested. */
export function writeJob(request: JobRequest): NewFile {
  return writeManifest(jobFile(`${request.client.name}/${request.name}`), jobOf(request), {
    '/scope':
      request.scope === 'client'
        ? "One run over all of the client's data."
        : 'One run for each call center: no file of one meets the mail of another.',
    '/trigger': describeTrigger(request),
    '/steps/0/onEmpty':
      'Without rows: send it all the same, skip it (nobody gets anything), or fail (the operators are told).',
  })
}

function triggerOf({ frequency, after, schedule }: JobRequest): Job['trigger'] {
  if (after !== undefined) return { type: 'after', job: after }
  if (frequency === 'eoc' || schedule === undefined) return { type: 'campaign' }
  return { type: 'scheduled', schedules: [{ name: words[frequency].schedule, ...schedule }] }
}

function describeTrigger({ frequency, after, schedule, client }: JobRequest): string {
  if (after !== undefined) return `Each time a run of ${after} has succeeded, for the same moment.`
  if (frequency === 'eoc') return "Each time one of the client's campaigns has ended."
  const zone = schedule?.timezone ?? client.timezone
  return `Minute, hour, day of month, month, day of week; the time is that of ${zone}.`
}

function buildStep({ report, period, format, onEmpty, scope, frequency }: JobRequest): ReportStep {
  const whose = scope === 'call-center' ? '{client}_{callCenter}' : '{client}'
  // The job's name, so that two jobs with the same report never give the same file.
  const fileName =
    frequency === 'eoc'
      ? `${whose}_{job}_{campaign.id}.${fileExtension({ format })}`
      : `${whose}_{job}_${stampOf(period)}.${fileExtension({ format })}`
  return { name: 'build', type: 'report', report, period, format, fileName, onEmpty }
}

/** The token that tells one period's file from the next one's. */
function stampOf(period: ReportStep['period']): string {
  if (period === 'day' || period === 'week') return '{period.end:yyyyMMdd}'
  return period === 'month' ? '{period.end:yyyyMM}' : '{slot:yyyyMMdd-HHmm}'
}

function deliveryStep(delivery: DeliveryRequest, { frequency }: JobRequest): Job['steps'][number] {
  const retry = { maxAttempts: 5, delay: '30s' }
  const { connection } = delivery
  if (delivery.way === 'email') {
    const template = frequency === 'eoc' ? 'campaign-result' : 'report-ready'
    return { name: 'mail', type: 'email', from: 'build', connection, to: delivery.to, template }
  }
  // A repeat after a broken connection finds its own file there, which is no mistake.
  const overwrite = 'skip-if-same'
  if (delivery.way === 's3') {
    const { prefix } = delivery
    return { name: 'store', type: 'cloud-copy', from: 'build', connection, prefix, overwrite, retry }
  }
  const { path } = delivery
  return { name: 'upload', type: 'ftp-out-copy', from: 'build', connection, path, overwrite, retry }
}

/** `Call detail` within a sentence; `CDR export` stays. */
function lowerFirst(text: string): string {
  return /^\p{Lu}\p{Ll}/u.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}
