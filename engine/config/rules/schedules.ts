/** Rules about when a job is due. */
import { formatDuration, parseDuration } from '../../core/duration.ts'
import type { CronFields } from '../../core/model.ts'
import { neverFires } from '../../core/slots.ts'
import { placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import { compileSchedule } from '../schedule.ts'
import { jobRule, type Rule } from './rule.ts'

const minuteMs = 60_000
const defaultMinInterval = '15m'

const neverDue = jobRule('never-due', (document, report, manifests, job) => {
  const client = manifests.clients.get(job.split('/')[0]!)
  const { trigger } = document.value
  if (!client || trigger.type !== 'scheduled') return
  trigger.schedules.forEach((schedule, index) => {
    if (schedule.calendar && !manifests.calendars.has(schedule.calendar)) return
    const compiled = compileSchedule(schedule, client.value, manifests)
    if (neverFires(compiled)) {
      report(
        placeOf(document, `/trigger/schedules/${index}/cron`),
        `${quote(schedule.cron)} is never due: no day fits all of its fields and its calendar`,
      )
    }
    if (schedule.onHoliday && !schedule.calendar) {
      report(
        placeOf(document, `/trigger/schedules/${index}/onHoliday`, 'key'),
        'onHoliday has no effect without a calendar',
        'warning',
      )
    }
  })
})

const tooOften = jobRule('too-often', (document, report, manifests, job) => {
  const client = manifests.clients.get(job.split('/')[0]!)
  const policy = manifests.policies.get(job.split('/')[0]!)
  const { trigger } = document.value
  if (!client || !policy || trigger.type !== 'scheduled') return
  const floorMs = parseDuration(policy.value.minInterval ?? defaultMinInterval)
  trigger.schedules.forEach((schedule, index) => {
    const { fields } = compileSchedule({ ...schedule, calendar: '' }, client.value, manifests)
    const gapMs = shortestGapMinutes(fields) * minuteMs
    if (gapMs >= floorMs) return
    const message = `${quote(schedule.cron)} is due every ${formatDuration(gapMs)}; the client's policy allows every ${formatDuration(floorMs)}`
    report(placeOf(document, `/trigger/schedules/${index}/cron`), message)
  })
})

/** The shortest time between two slots in wall time, in minutes. */
export function shortestGapMinutes(fields: CronFields): number {
  const times = fields.hours.flatMap((hour) => fields.minutes.map((minute) => hour * 60 + minute))
  let shortest = Number.POSITIVE_INFINITY
  for (let i = 1; i < times.length; i++) shortest = Math.min(shortest, times[i]! - times[i - 1]!)
  const overnight = times[0]! + 1440 - times.at(-1)!
  return overnight < shortest && hasConsecutiveDays(fields) ? overnight : shortest
}

/** Whether two days in a row fit, looked for over the 28 years in which days and weekdays repeat. */
function hasConsecutiveDays(fields: CronFields): boolean {
  let before = false
  for (let day = 0; day < 28 * 366; day++) {
    const date = new Date(Date.UTC(2024, 0, 1 + day))
    const ofMonth = fields.daysOfMonth.includes(date.getUTCDate())
    const ofWeek = fields.daysOfWeek.includes(date.getUTCDay())
    const fits =
      fields.months.includes(date.getUTCMonth() + 1) &&
      (fields.eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek)
    if (fits && before) return true
    before = fits
  }
  return false
}

export const scheduleRules: Rule[] = [neverDue, tooOften]
