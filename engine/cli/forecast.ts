import { type Command, InvalidArgumentError } from 'commander'
import { describeDaysOff } from '../catalog/schedule-words.ts'
import { compileJob } from '../config/compile.ts'
import type { Config } from '../config/config.ts'
import { compareText, formatProblem } from '../config/problems.ts'
import { readText } from '../config/templates.ts'
import { dayNumber, isoDay } from '../core/civil.ts'
import { JobsdError } from '../core/errors.ts'
import { addDays, type Bound, forecastSlots } from '../core/forecast.ts'
import type { JobId, Problem, Snapshot } from '../core/model.ts'
import { describeFields } from '../core/schedule-words.ts'
import { suggestWord } from '../core/suggest.ts'
import { unknownJob } from '../core/unknown-job.ts'
import { describeForecast } from './forecast-words.ts'
import type { AddCommand } from './parts.ts'
import { readConfig } from './read-config.ts'

const defaultDays = 14
const mostDays = 3660
const mostSlots = 200_000

interface ForecastOptions {
  job?: string
  client?: string
  from?: Bound
  to?: Bound
  days: number
  platform?: string
}

/** Jobs that a forecast says nothing about, by why. */
export interface LeftOut {
  disabled: number
  notScheduled: number
  withProblems: number
}

/** `jobsd forecast [DIR]`: every slot to come, from the manifests alone. Exits 1 when a job does not compile. */
export const addForecast: AddCommand = (program, parts, done) => {
  program
    .command('forecast')
    .summary('every slot to come, with what holidays and clock changes do to it')
    .argument('[dir]', 'the config repository', '.')
    .option('--job <job>', 'only this job, client/name')
    .option('--client <name>', "only this client's jobs")
    .option(
      '--from <time>',
      "from then on: 2026-11-22 (midnight in each schedule's own zone) or an instant; default now",
      toBound,
    )
    .option('--to <time>', 'until then, exclusive; default --days after --from', toBound)
    .option('--days <count>', 'how many days', toDays, defaultDays)
    .option('--platform <dir>', "take the operators' documents from here instead of jobs.d/platform")
    .action(async (dir: string, options: ForecastOptions, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const config = await readConfig(parts, dir, options.platform)
      const { snapshots, problems, leftOut } = compileScheduled(config, selectJobs(config, options))
      const from = options.from ?? { ms: parts.now().getTime() }
      const to = options.to ?? addDays(from, options.days)
      const { slots, isCut } = forecastSlots(snapshots, from, to, mostSlots)
      for (const problem of problems) parts.warn(formatProblem(problem, readText(config, problem.file)))
      if (isCut)
        parts.warn(
          `jobsd: only the first ${mostSlots.toLocaleString('en-US')} slots are given; name a --job or fewer --days for the rest`,
        )
      parts.print(
        json
          ? JSON.stringify({ slots, schedules: wordsOf(snapshots), leftOut, isCut }, null, 2)
          : describeForecast(slots, snapshots, leftOut),
      )
      done(problems.length > 0 ? 1 : 0)
    })
}

/** The jobs to look at. Throws JOB_UNKNOWN, or BAD_REQUEST for an unknown client. */
function selectJobs(config: Config, { job, client }: ForecastOptions): JobId[] {
  const jobs = [...config.jobFiles.keys()].sort(compareText)
  if (job !== undefined && !config.jobFiles.has(job as JobId)) throw unknownJob(job, jobs)
  const clients = new Set(jobs.map((each) => each.slice(0, each.indexOf('/'))))
  for (const name of config.clients.keys()) clients.add(name)
  if (client !== undefined && !clients.has(client)) {
    const hint = suggestWord(client, [...clients])
    throw new JobsdError('BAD_REQUEST', { reason: `there is no client ${client}${hint}` })
  }
  return jobs.filter(
    (each) => (job === undefined || each === job) && (client === undefined || each.startsWith(`${client}/`)),
  )
}

/** The snapshots of the jobs that have slots, and one problem for each job that does not compile. */
function compileScheduled(config: Config, jobs: JobId[]) {
  const snapshots: Snapshot[] = []
  const problems = new Map<string, Problem>()
  const leftOut: LeftOut = { disabled: 0, notScheduled: 0, withProblems: 0 }
  for (const job of jobs) {
    const compiled = compileJob(config, job)
    if ('problem' in compiled) {
      const { problem } = compiled
      problems.set(`${problem.file}:${problem.line}:${problem.column}:${problem.rule}`, problem)
      leftOut.withProblems += 1
    } else if (compiled.snapshot.manifest.trigger.type !== 'scheduled') leftOut.notScheduled += 1
    else if (!compiled.snapshot.manifest.enabled) leftOut.disabled += 1
    else snapshots.push(compiled.snapshot)
  }
  return { snapshots, problems: [...problems.values()], leftOut }
}

/** When each schedule is due, in words. */
function wordsOf(snapshots: Snapshot[]) {
  return snapshots.flatMap(({ job, schedules }) =>
    schedules.map((schedule) => ({
      job,
      schedule: schedule.name,
      words: describeFields(schedule.fields),
      daysOff: describeDaysOff(schedule),
      timezone: schedule.timezone,
    })),
  )
}

function toBound(text: string): Bound {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (year !== undefined) {
    const number = dayNumber(Number(year), Number(month), Number(day))
    if (isoDay(number) === text) return { day: number }
  } else if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) {
    const ms = Date.parse(text)
    if (!Number.isNaN(ms)) return { ms }
  }
  throw new InvalidArgumentError(
    'It is neither a day such as 2026-11-22 nor an instant such as 2026-11-22T18:30:00Z.',
  )
}

function toDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (days < 1 || days > mostDays)
    throw new InvalidArgumentError(`It is not a whole number from 1 to ${mostDays}.`)
  return days
}
