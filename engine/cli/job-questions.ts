/** What a job setup request must say, checked against the client and the reports that there are. */
import type { Config } from '../config/config.ts'
import { reportFiles } from '../config/layout.ts'
import { deliveryWays, frequencies } from '../config/scaffold/job.ts'
import { readText } from '../config/templates.ts'
import { JobsdError } from '../core/errors.ts'
import {
  type Check,
  checkChoice,
  checkFormat,
  checkList,
  checkName,
  checkTitle,
  optional,
  type Question,
  question,
} from './answers.ts'
import type { JobOptions } from './new-job.ts'

type Key = 'client' | 'report' | 'scope' | 'frequency' | 'delivery'

/** The two questions that the others depend on. */
export function firstQuestions(
  config: Config,
  options: JobOptions,
): Record<'client' | 'frequency', Question> {
  const clients = checkChoice([...config.clients.keys()], 'client')
  const often = `How often: ${frequencies.join(', ')}`
  return {
    client: question('--client', 'The client', 'acme', clients, options.client),
    frequency: question(
      '--frequency',
      often,
      'eod',
      checkChoice(frequencies, 'frequency'),
      options.frequency,
    ),
  }
}

/** All questions of a setup request. Throws BAD_REQUEST for options that do not go together. */
export function jobQuestions(
  config: Config,
  options: JobOptions,
): Record<Key, Question> & Partial<Record<'cron' | 'after', Question>> {
  const { client, report, scope, frequency, delivery, cron, at, after } = options
  if (cron !== undefined && frequency !== undefined && frequency !== 'cron') {
    throw new JobsdError('BAD_REQUEST', { reason: `--cron is for --frequency cron, not ${frequency}` })
  }
  if (after !== undefined && frequency !== undefined && frequency !== 'after') {
    throw new JobsdError('BAD_REQUEST', { reason: `--after is for --frequency after, not ${frequency}` })
  }
  if (at !== undefined && (frequency === 'cron' || frequency === 'eoc' || frequency === 'after')) {
    throw new JobsdError('BAD_REQUEST', { reason: `--at means nothing with --frequency ${frequency}` })
  }
  const centers = config.clients.get(client ?? '')?.value.callCenters.map(({ name }) => name) ?? []
  const ofClient = checkList(checkChoice(centers, 'call center of the client'))
  const calendars = checkChoice([...config.calendars.keys()], 'calendar')
  const scopes = checkChoice(['client', 'call-center'], 'scope')
  const ways = checkList(checkChoice(deliveryWays, 'way of delivery'))
  const when = 'When: minute, hour, day of month, month, day of week'
  return {
    ...firstQuestions(config, options),
    report: question('--report', 'The report', 'call/call-detail', checkReport(config, frequency), report),
    scope: question('--scope', 'One run for the client, or for each call-center', 'client', scopes, scope),
    delivery: question(
      '--delivery',
      `How it is delivered: ${deliveryWays.join(', ')}`,
      'email',
      ways,
      delivery?.join(','),
    ),
    ...(frequency === 'cron' && {
      cron: question('--cron', when, '"30 18 * * *"', checkFormat('cron'), cron),
    }),
    ...(frequency === 'after' && {
      after: question(
        '--after',
        'The job that it follows',
        'eod-call-detail',
        checkFollowed(config, client),
        after,
      ),
    }),
    ...optional('name', 'NAME', checkName, options.name),
    ...optional('title', '--title', checkTitle, options.title),
    ...optional('callCenters', '--call-centers', ofClient, options.callCenters?.join(',')),
    ...optional('calendar', '--calendar', calendars, options.calendar),
    ...optional('period', '--period', checkPeriod(frequency), options.period),
  }
}

function checkFollowed(config: Config, client = ''): Check {
  const ofClient = [...config.jobFiles.keys()].filter((job) => job.startsWith(`${client}/`))
  return checkChoice(
    ofClient.map((job) => job.slice(client.length + 1)),
    'job of the client',
  )
}

/** A report that is about one campaign only has nothing to say at the end of a day. */
function checkReport(config: Config, frequency: string | undefined): Check {
  const known = checkChoice([...config.reports.keys()], 'report')
  return (text) => {
    const fault = known(text)
    if (fault !== null || frequency === undefined || frequency === 'eoc') return fault
    const query = readText(config, reportFiles(text).query)
    return /\$campaign_id\b/.test(query) && !/\$period_start\b/.test(query)
      ? `${text} is about one campaign; use --frequency eoc`
      : null
  }
}

function checkPeriod(frequency: string | undefined): Check {
  return (text) =>
    (text === 'campaign') === (frequency === 'eoc')
      ? null
      : 'the period campaign is for --frequency eoc, and eoc has no other'
}
