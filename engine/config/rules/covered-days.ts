/** The rule about days whose data no run covers: a daily report has the latest complete day only. */
import { DAY, dayNumber, weekdayName, weekdayOf } from '../../core/civil.ts'
import { namedWeekdays } from '../../core/cron-days.ts'
import type { Client, Job } from '../../core/manifest.ts'
import type { CompiledSchedule, CronFields } from '../../core/model.ts'
import { periodDays, periodOf } from '../../core/period.ts'
import { enumerateSlots, neverFires } from '../../core/slots.ts'
import { localDayAt } from '../../core/zone.ts'
import { placeOf } from '../places.ts'
import { compileSchedule, isWhole } from '../schedule.ts'
import { jobRule, type Rule } from './rule.ts'

const daysNotCovered = jobRule('days-not-covered', (document, report, manifests, job) => {
  const { trigger, steps } = document.value
  const client = manifests.clients.get(job.split('/')[0]!)?.value
  if (!client || trigger.type !== 'scheduled' || !hasOnlyDays(steps)) return
  if (!trigger.schedules.every(isWhole)) return
  if (trigger.schedules.some(({ calendar }) => calendar && !manifests.calendars.has(calendar))) return
  const schedules = trigger.schedules.map((schedule) => compileSchedule(schedule, client, manifests))
  if (schedules.some(neverFires)) return
  const weeks = schedules.map((schedule) => coverWeek(schedule, client))
  const covered = new Set(weeks.flatMap((week) => week.covered))
  const missed = everyWeekday.filter((weekday) => !covered.has(weekday))
  if (missed.length === 0) return
  const due = everyWeekday.filter((weekday) => weeks.some((week) => week.due.includes(weekday)))
  const [first] = trigger.schedules
  report(
    placeOf(document, `/trigger/schedules/0/${first?.every === undefined ? 'cron' : 'every'}`),
    `no run covers ${spellWeekdays(missed)}: the job is due ${spellWeekdays(due)}, and each run covers one day; let it be due every day, with onHoliday "next" where a calendar skips days, or use a weekly period`,
    'warning',
  )
})

/** Whether some report is daily and has no longer period beside it that makes up for the days it leaves out. */
function hasOnlyDays(steps: Job['steps']): boolean {
  const reports = steps.filter((step) => step.type === 'report')
  const longer = reports.filter(({ period }) => /^(week|month)/.test(period)).map((step) => step.report)
  return reports.some(({ period, report }) => period === 'day' && !longer.includes(report))
}

// As cron counts them, Monday first.
const everyWeekday = [1, 2, 3, 4, 5, 6, 0]

/** By weekday, 0 is Sunday. */
interface Week {
  due: number[]
  covered: number[]
}

// No clock changes around it. The week before and the one after bring what a calendar moves.
const monday = dayNumber(2026, 1, 12)

// Weak: the engine replaces cron texts when it reloads.
const known = new WeakMap<CronFields, Map<string, Week>>()

/** On which days of a plain week a schedule is due, and of which its runs have the data. */
function coverWeek(schedule: CompiledSchedule, { timezone, dayCutOff = '00:00' }: Client): Week {
  const ofFields = known.get(schedule.fields) ?? new Map<string, Week>()
  known.set(schedule.fields, ofFields)
  const weekends = schedule.calendar?.weekends ?? []
  const key = [schedule.timezone, timezone, dayCutOff, schedule.onHoliday, ...weekends].join(' ')
  let week = ofFields.get(key)
  if (!week) {
    week = walkWeek(simplify(schedule), timezone, dayCutOff)
    ofFields.set(key, week)
  }
  return week
}

/** As if always in force, without dates, single holidays and blackouts; a day's first and last times decide which days it can cover. */
function simplify({ fromMs, untilMs, ...schedule }: CompiledSchedule): CompiledSchedule {
  const { calendar, fields } = schedule
  const ends = (values: number[]) => [...new Set([values[0]!, values.at(-1)!])]
  const hasDates = fields.daysOfMonth.length < 31
  const { lastDays, nthDays, ...plain } = fields
  return {
    ...schedule,
    calendar: calendar && { ...calendar, holidays: [], blackouts: [] },
    fields: {
      ...plain,
      minutes: ends(fields.minutes),
      hours: ends(fields.hours),
      daysOfMonth: Array.from({ length: 31 }, (_, index) => index + 1),
      months: Array.from({ length: 12 }, (_, index) => index + 1),
      // What is due on dates comes to every weekday in time.
      daysOfWeek: hasDates && fields.eitherDay ? everyWeekday : namedWeekdays(fields),
      eitherDay: false,
    },
  }
}

function walkWeek(schedule: CompiledSchedule, zone: string, dayCutOff: string): Week {
  const due = new Set<number>()
  const covered = new Set<number>()
  for (const { at, outcome, skippedDays } of enumerateSlots(
    schedule,
    (monday - 7) * DAY,
    (monday + 14) * DAY,
  )) {
    if (outcome === 'skipped') continue
    due.add(weekdayOf(localDayAt(schedule.timezone, at)))
    const { first, last } = periodDays(periodOf('day', at, zone, dayCutOff, { skippedDays }))
    for (let day = Math.max(first, monday); day <= Math.min(last, monday + 6); day++) {
      covered.add(weekdayOf(day))
    }
  }
  return { due: [...due], covered: [...covered] }
}

/** `Monday to Friday` for three and more in a row, otherwise `Monday, Wednesday and Friday`. */
function spellWeekdays(weekdays: number[]): string {
  const has = (weekday: number) => weekdays.includes(weekday % 7)
  const starts = weekdays.filter((weekday) => !has(weekday + 6))
  const names = weekdays.map(nameOf)
  if (starts.length === 1 && names.length > 2) {
    return `${nameOf(starts[0]!)} to ${nameOf(starts[0]! + weekdays.length - 1)}`
  }
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** The name of a weekday; 7 is Sunday again. */
function nameOf(weekday: number): string {
  return weekdayName(monday + ((weekday + 6) % 7))
}

export const coveredDaysRules: Rule[] = [daysNotCovered]
