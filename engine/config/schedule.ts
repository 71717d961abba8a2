/** A schedule with its defaults filled and its cron text parsed. */
import { parseDuration } from '../core/duration.ts'
import type { Client, Schedule } from '../core/manifest.ts'
import type { CompiledSchedule } from '../core/model.ts'
import type { Manifests } from './config.ts'
import { readCron } from './cron-cache.ts'

/** Compiles a schedule that its schema accepted; a calendar that is not there counts as none. */
export function compileSchedule(
  schedule: Schedule,
  client: Client,
  manifests: Pick<Manifests, 'calendars'>,
): CompiledSchedule {
  const parsed = readCron(schedule.cron)
  if ('problem' in parsed) throw new TypeError(`not a checked schedule: ${parsed.problem}`)
  return {
    name: schedule.name,
    cron: schedule.cron,
    timezone: schedule.timezone ?? client.timezone,
    onHoliday: schedule.onHoliday ?? 'skip',
    catchUp: schedule.catchUp ?? 'latest',
    fields: parsed.fields,
    calendar: manifests.calendars.get(schedule.calendar ?? '')?.value ?? null,
    catchUpWindowMs: parseDuration(schedule.catchUpWindow ?? '1d'),
  }
}
