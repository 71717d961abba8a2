import { type Command, Option } from 'commander'
import type { Config } from '../config/config.ts'
import { readCron } from '../config/cron-cache.ts'
import {
  cronOf,
  type DeliveryWay,
  deliveryWays,
  type Frequency,
  frequencies,
  type JobRequest,
  suggestJobName,
  suggestJobTitle,
  usualPeriods,
  usualTime,
  writeJob,
} from '../config/scaffold/job.ts'
import { writeJobTest } from '../config/scaffold/job-test.ts'
import { compileSchedule } from '../config/schedule.ts'
import { HOUR } from '../core/civil.ts'
import type { Client, ReportStep, Schedule } from '../core/manifest.ts'
import { nextSlot, type PlannedSlot } from '../core/slots.ts'
import { addFiles, showDir } from './add-files.ts'
import { answerAll, type Check, checkName, question, splitList, suggesting, toTimeOfDay } from './answers.ts'
import { deliveriesOf } from './job-deliveries.ts'
import { firstQuestions, jobQuestions } from './job-questions.ts'
import type { NewOptions } from './new.ts'
import type { AddCommand, CliParts } from './parts.ts'
import { readConfig } from './read-config.ts'

export interface JobOptions extends NewOptions {
  client?: string
  report?: string
  scope?: string
  frequency?: string
  cron?: string
  after?: string
  at?: string
  calendar?: string
  onHoliday?: Schedule['onHoliday']
  period?: ReportStep['period']
  format: string
  onEmpty: ReportStep['onEmpty']
  delivery?: string[]
  to?: string[]
  connection?: string[]
  path: string
  prefix: string
  callCenters?: string[]
  name?: string
  title?: string
}

/** `jobsd new job`: a job setup request as a tested manifest. */
export const addNewJob: AddCommand = (program, parts, done) => {
  program
    .command('job')
    .summary('a report for a client: which one, how often, and how it is delivered')
    .argument('[name]', 'its name; default made of frequency and report, such as eod-call-detail')
    .option('--client <name>', 'the client')
    .option('--report <report>', 'the report, such as call/call-detail')
    .addOption(
      suggesting(
        ['client', 'call-center'],
        '--scope <scope>',
        'client: one run over everything; call-center: one run for each',
      ),
    )
    .addOption(
      suggesting(
        frequencies,
        '--frequency <frequency>',
        'how often; eoc is the end of a campaign, eod the end of the day',
      ),
    )
    .option('--cron <expression>', 'with --frequency cron: minute, hour, day of month, month, day of week')
    .option('--after <job>', 'with --frequency after: the job of the client that it follows')
    .option(
      '--at <time>',
      'the time of day, 18:30; default half an hour after the day has ended',
      toTimeOfDay,
    )
    .option('--calendar <name>', 'its days off apply')
    .addOption(
      new Option('--on-holiday <how>', 'what becomes of a slot on a day off').choices([
        'skip',
        'previous',
        'next',
      ]),
    )
    .option('--period <period>', 'the time that the data covers; default by the frequency')
    .option('--format <format>', 'the file format', 'csv')
    .addOption(
      new Option('--on-empty <what>', 'without rows').choices(['send', 'skip', 'fail']).default('send'),
    )
    .addOption(
      suggesting(
        deliveryWays,
        '--delivery <ways...>',
        'how it is delivered; sftp also means to a folder connection',
      ),
    )
    .option('--to <addresses...>', 'email: who receives it')
    .option('--connection <names...>', 'by which connections; default the only fitting ones of the policy')
    .option('--path <path>', 'sftp: the folder', '/reports')
    .option('--prefix <prefix>', 's3: what goes before the file name', 'reports/')
    .option('--call-centers <names...>', 'with --scope call-center: only these')
    .option('--name <name>', 'the same as the argument')
    .option('--title <title>', 'its name for people')
    .action(async (given: string | undefined, options: JobOptions, command: Command) => {
      const json = command.optsWithGlobals<{ json?: boolean }>().json ?? false
      const config = await readConfig(parts, options.dir, options.platform)
      const request = await requestOf(
        config,
        { ...options, ...(given && { name: given }) },
        json ? undefined : parts.ask,
      )
      const slot = firstSlot(config, request, parts.now().getTime())
      const files = [writeJob(request), writeJobTest(request, slot)]
      const job = `${request.client.name}/${request.name}`
      const dir = showDir(options.dir)
      const next = [
        `jobsd test${dir}`,
        `jobsd preview ${job}${dir} --out preview`,
        ...(request.schedule ? [`jobsd forecast${dir} --job ${job}`] : []),
      ]
      done(await addFiles(parts, { dir: options.dir, platform: options.platform, json }, files, next))
    })
}

async function requestOf(config: Config, asGiven: JobOptions, ask: CliParts['ask']): Promise<JobRequest> {
  // What the other questions depend on comes first, where a person is asked.
  const options = ask ? { ...asGiven, ...(await answerAll(firstQuestions(config, asGiven), ask)) } : asGiven
  const answers = await answerAll(jobQuestions(config, options), ask)
  const client = config.clients.get(answers.client)!.value
  const frequency = answers.frequency as Frequency
  const ways = [...new Set(splitList(answers.delivery))] as DeliveryWay[]
  const suggested = options.name ?? suggestJobName(frequency, answers.report)
  const name = await nameOf(config, client.name, suggested, ask)
  const deliveries = await deliveriesOf(config, options, client.name, ways, ask)
  const { value: report } = config.reports.get(answers.report)!
  return {
    client,
    name,
    title: options.title ?? suggestJobTitle(frequency, report.title),
    scope: answers.scope as JobRequest['scope'],
    ...(options.callCenters && { callCenters: splitList(options.callCenters.join(',')) }),
    report: answers.report,
    format: options.format as ReportStep['format'],
    frequency,
    ...(answers.after !== undefined && { after: answers.after }),
    ...(frequency !== 'eoc' &&
      frequency !== 'after' && { schedule: scheduleOf(frequency, answers.cron, options, client) }),
    period: options.period ?? usualPeriods[frequency],
    onEmpty: options.onEmpty,
    deliveries,
  }
}

/** The name, or another one where a job has it already. */
async function nameOf(config: Config, client: string, name: string, ask: CliParts['ask']): Promise<string> {
  const isTaken = (each: string) => config.jobFiles.has(`${client}/${each}`)
  const checkFree: Check = (each) =>
    checkName(each) ??
    (isTaken(each) ? `the job ${client}/${each} is there already; give another name` : null)
  const isAsked = ask !== undefined && isTaken(name)
  const free = question(
    'NAME',
    `The job ${client}/${name} is there already; another name`,
    `${name}-2`,
    checkFree,
    isAsked ? undefined : name,
  )
  return (await answerAll({ name: free }, ask)).name
}

function scheduleOf(
  frequency: Exclude<Frequency, 'eoc' | 'after'>,
  cron: string | undefined,
  { at, calendar, onHoliday }: JobOptions,
  client: Client,
): NonNullable<JobRequest['schedule']> {
  return {
    cron:
      frequency === 'cron'
        ? cron!
        : cronOf(frequency, at ?? (frequency === 'hourly' ? '00:05' : usualTime(client))),
    ...(calendar !== undefined && { calendar }),
    ...(onHoliday !== undefined && { onHoliday }),
  }
}

/** A slot of the job for its tests; null where it has none. */
function firstSlot(config: Config, { schedule, client, after }: JobRequest, nowMs: number) {
  // The moment is that of the job which it follows: any will do.
  if (after !== undefined) return plainSlot(nowMs)
  if (schedule === undefined || (schedule.cron && 'problem' in readCron(schedule.cron))) return null
  return nextSlot(compileSchedule({ name: 'first', ...schedule }, client, config), nowMs) ?? null
}

/** The begin of the hour, as if something were due then. */
function plainSlot(nowMs: number): PlannedSlot {
  const at = Math.floor(nowMs / HOUR) * HOUR
  return { at, startsAt: at, nominal: '', outcome: 'run', note: '', skippedDays: 0 }
}
