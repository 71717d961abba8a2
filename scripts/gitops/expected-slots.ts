/** Every slot that has to have an outcome, found by walking minute by minute; UTC schedules only. */
import type { JobId, Snapshot } from '../../engine/core/model.ts'
import type { Model, ModelJob, Step } from './model.ts'

const minuteMs = 60_000
/** A slot that is no older when the engine starts is not late. */
const onTimeAtStartMs = 60_000

type Schedule = Snapshot['schedules'][number]

export interface ExpectedSlot {
  job: JobId
  outcome: 'ran' | 'skipped' | 'missed'
  /** What its run has to run on. */
  snapshot: string
  /** On a day off nothing is due: what tells of it may be recorded later, and of which schedule. */
  dayOff: string | null
}

export interface ExpectedSlots {
  /** By `<job> <schedule> <instant> <call center>`: those since the last `clear`. */
  slots: ReadonlyMap<string, ExpectedSlot>
  /** Time passed with the engine up, after `fromMs` up to `toMs`. `released` are watched by nobody just then. */
  pass(jobs: ReadonlyMap<JobId, ModelJob>, fromMs: number, toMs: number, released: ReadonlySet<JobId>): void
  /** A commit came into force while time passed: what is new of it is due since `fromMs`. */
  passNew(step: Step, fromMs: number, toMs: number): void
  /** The engine was down, and what it had then is `before` by the names of now. */
  passDown(before: ReadonlyMap<JobId, ModelJob>, fromMs: number, toMs: number): void
  /** A new name takes its slots over. */
  rename(from: JobId, to: JobId): void
  /** Whether a job has that schedule now. */
  has(job: JobId, identity: string): boolean
  clear(): void
}

export function createExpectedSlots(model: Model): ExpectedSlots {
  const slots = new Map<string, ExpectedSlot>()

  function add(snapshot: Snapshot, schedule: Schedule, atMs: number, outcome: ExpectedSlot['outcome']): void {
    const { scope, callCenters } = snapshot.manifest
    for (const center of scope === 'client' ? [''] : callCenters) {
      const key = `${snapshot.job} ${schedule.name} ${new Date(atMs).toISOString()} ${center}`
      const dayOff = isDayOff(schedule, atMs) ? identityOf(schedule) : null
      if (!slots.has(key)) slots.set(key, { job: snapshot.job, outcome, snapshot: snapshot.digest, dayOff })
    }
  }

  function addOnTime(snapshot: Snapshot, schedule: Schedule, fromMs: number, toMs: number): void {
    const due = model.suspended.has(snapshot.job) ? 'skipped' : 'ran'
    for (const atMs of walkSlots(schedule, fromMs, toMs)) {
      add(snapshot, schedule, atMs, isDayOff(schedule, atMs) ? 'skipped' : due)
    }
  }

  function addLate(snapshot: Snapshot, schedule: Schedule, fromMs: number, toMs: number): void {
    const all = walkSlots(schedule, fromMs, toMs)
    const oldestMs = toMs - schedule.catchUpWindowMs
    const newestMs = all.filter((atMs) => !isDayOff(schedule, atMs) && atMs >= oldestMs).at(-1)
    const due = model.suspended.has(snapshot.job) ? 'skipped' : 'ran'
    for (const atMs of all) {
      const isOnTime = atMs > toMs - onTimeAtStartMs
      const isCaughtUp =
        schedule.catchUp !== 'none' && atMs >= oldestMs && (schedule.catchUp === 'all' || atMs === newestMs)
      if (isDayOff(schedule, atMs)) add(snapshot, schedule, atMs, 'skipped')
      else add(snapshot, schedule, atMs, isOnTime || isCaughtUp ? due : 'missed')
    }
  }

  return {
    slots,
    pass(jobs, fromMs, toMs, released) {
      for (const [snapshot, schedule] of schedulesOf(jobs)) {
        if (!released.has(snapshot.job)) addOnTime(snapshot, schedule, fromMs, toMs)
      }
    },
    passNew({ before, renamed }, fromMs, toMs) {
      const stayed = new Set([...before.keys()].filter((job) => !renamed.has(job)))
      const known = new Set(
        schedulesOf(before).flatMap(([{ job }, schedule]) =>
          stayed.has(job) ? [`${job} ${identityOf(schedule)}`] : [],
        ),
      )
      for (const [snapshot, schedule] of schedulesOf(model.jobs)) {
        const isNew = !known.has(`${snapshot.job} ${identityOf(schedule)}`)
        if (isNew) addOnTime(snapshot, schedule, fromMs, toMs)
      }
    },
    passDown(before, fromMs, toMs) {
      const known = new Set(
        [...before].flatMap(([job, { snapshot }]) =>
          snapshot?.manifest.enabled
            ? snapshot.schedules.map((schedule) => `${job} ${identityOf(schedule)}`)
            : [],
        ),
      )
      for (const [snapshot, schedule] of schedulesOf(model.jobs)) {
        // A schedule that is new, or due at other moments than before, owes nothing.
        if (known.has(`${snapshot.job} ${identityOf(schedule)}`)) addLate(snapshot, schedule, fromMs, toMs)
      }
    },
    rename(from, to) {
      for (const [key, slot] of [...slots]) {
        if (slot.job !== from) continue
        slots.delete(key)
        slots.set(key.replace(from, to), { ...slot, job: to })
      }
    },
    has: (job, identity) =>
      schedulesOf(model.jobs).some(
        ([snapshot, schedule]) => snapshot.job === job && identityOf(schedule) === identity,
      ),
    clear: () => slots.clear(),
  }
}

function schedulesOf(jobs: ReadonlyMap<JobId, ModelJob>): [Snapshot, Schedule][] {
  return [...jobs.values()].flatMap(({ snapshot }) =>
    snapshot?.manifest.enabled
      ? snapshot.schedules.map((schedule): [Snapshot, Schedule] => [snapshot, schedule])
      : [],
  )
}

function identityOf({ name, cron, timezone, calendar, onHoliday }: Schedule): string {
  return JSON.stringify([name, cron, timezone, calendar, onHoliday])
}

function isDayOff({ calendar }: Schedule, atMs: number): boolean {
  if (!calendar) return false
  const at = new Date(atMs)
  const weekday = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][at.getUTCDay()] as string
  const isHoliday = calendar.holidays?.some(({ date }) => date === at.toISOString().slice(0, 10)) ?? false
  return isHoliday || (calendar.weekends as string[] | undefined)?.includes(weekday) === true
}

/** The minutes after `fromMs` up to `toMs` at which a cron text is due. */
export function walkSlots({ cron }: Pick<Schedule, 'cron'>, fromMs: number, toMs: number): number[] {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = cron.split(' ')
  const slots: number[] = []
  const firstMs = Math.floor(fromMs / minuteMs) * minuteMs + minuteMs
  for (let atMs = firstMs; atMs <= toMs; atMs += minuteMs) {
    const at = new Date(atMs)
    if (!fits(minute, at.getUTCMinutes()) || !fits(hour, at.getUTCHours())) continue
    if (!fits(month, at.getUTCMonth() + 1)) continue
    const [byDay, byWeekday] = [fits(day, at.getUTCDate()), fits(weekday, at.getUTCDay())]
    const isDay = day === '*' || weekday === '*' ? byDay && byWeekday : byDay || byWeekday
    if (isDay) slots.push(atMs)
  }
  return slots
}

/** Whether a number is in a field: `*`, `*\/5`, `3`, `1-5`, and lists of those. */
function fits(field: string, value: number): boolean {
  return field.split(',').some((part) => {
    const [range = '', step = '1'] = part.split('/')
    if (range === '*') return value % Number(step) === 0
    const [first = '', last = first] = range.split('-')
    return value >= Number(first) && value <= Number(last)
  })
}
