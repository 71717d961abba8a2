/** A schedule with its defaults filled and its moments as fields. */
import { createHash } from 'node:crypto'
import { parseDuration } from '../core/duration.ts'
import { readEdge } from '../core/edge.ts'
import type { Client, Schedule } from '../core/manifest.ts'
import type { CompiledSchedule } from '../core/model.ts'
import type { Manifests } from './config.ts'
import { readCron } from './cron-cache.ts'
import { cronAfterDay, parseEvery } from './every.ts'

/** A schedule that says when it is due: of `cron` and `every` it has one. */
export function isWhole({ cron, every }: Pick<Schedule, 'cron' | 'every'>): boolean {
  return (cron === undefined) !== (every === undefined)
}

/** What a schedule says of when it is due, as it was written. */
export function writtenMoments({ cron = '', every }: Pick<Schedule, 'cron' | 'every'>): string {
  return every ?? cron
}

/**
 * Compiles a whole schedule that its schema accepted; a calendar that is not there counts as none. `job`, its id,
 * decides which part of the spread falls to it.
 */
export function compileSchedule(
  schedule: Schedule,
  client: Client,
  manifests: Pick<Manifests, 'calendars'>,
  job = '',
): CompiledSchedule {
  const { name, every, onBlackout, from, until, spread } = schedule
  const { cron, isAfterDay } = cronOf(schedule, client)
  const parsed = readCron(cron)
  if ('problem' in parsed) throw new TypeError(`not a checked schedule: ${parsed.problem}`)
  // The day that has ended is the client's, wherever the job's files go.
  const timezone = isAfterDay ? client.timezone : (schedule.timezone ?? client.timezone)
  const fromMs = from === undefined ? undefined : readEdge(from, timezone, 'start')
  const untilMs = until === undefined ? undefined : readEdge(until, timezone, 'end')
  const spreadMs = spread === undefined ? 0 : parseDuration(spread)
  return {
    name,
    cron,
    ...(every !== undefined && { every }),
    timezone,
    onHoliday: schedule.onHoliday ?? 'skip',
    catchUp: schedule.catchUp ?? 'latest',
    fields: parsed.fields,
    calendar: manifests.calendars.get(schedule.calendar ?? '')?.value ?? null,
    catchUpWindowMs: parseDuration(schedule.catchUpWindow ?? '1d'),
    ...(fromMs !== undefined && { fromMs }),
    ...(untilMs !== undefined && { untilMs }),
    ...(onBlackout === 'after' && { onBlackout }),
    ...(spreadMs > 0 && { spreadMs, delayMs: delayOf(`${job} ${name}`, spreadMs) }),
  }
}

function cronOf({ cron, every }: Schedule, client: Client): { cron: string; isAfterDay: boolean } {
  if (every === undefined) return { cron: cron ?? '', isAfterDay: false }
  const parsed = parseEvery(every)
  if ('problem' in parsed) throw new TypeError(`not a checked schedule: ${parsed.problem}`)
  return 'cron' in parsed
    ? { cron: parsed.cron, isAfterDay: false }
    : { cron: cronAfterDay(client.dayCutOff), isAfterDay: true }
}

/** Always the same for the same schedule of the same job, in whole seconds; even over many of them. */
function delayOf(key: string, spreadMs: number): number {
  const seconds = Math.floor(spreadMs / 1000)
  if (seconds === 0) return 0
  return (createHash('sha256').update(key).digest().readUInt32BE(0) % (seconds + 1)) * 1000
}
