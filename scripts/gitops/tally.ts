/** Keeps account of slots: stretch by stretch, and all in all. */
import type { JobId } from '../../engine/core/model.ts'
import { compareSlots } from './compare.ts'
import type { ExpectedSlot, ExpectedSlots } from './expected-slots.ts'
import type { LedgerRows } from './ledger-rows.ts'

/** How long a schedule sleeps at most. */
const longestSleepMs = 10 * 60_000

export interface SlotCounts {
  slots: number
  /** Slots on days off of schedules that went away before they were recorded. */
  untold: number
}

export interface Tally {
  counts: SlotCounts
  /** Compares the stretch since the last time, and begins the next one. */
  compare(rows: LedgerRows, nowMs: number, executed: ReadonlyMap<string, number>): string[]
  /** Over all of the time: no slot came later to a stretch that was compared before. */
  compareAll(rows: LedgerRows): string[]
  rename(from: JobId, to: JobId): void
}

export function createTally(expected: ExpectedSlots, beginMs: number): Tally {
  const counts: SlotCounts = { slots: 0, untold: 0 }
  const slotsOf = new Map<JobId, number>()
  const late = new Map<string, ExpectedSlot>()
  let comparedMs = beginMs

  function count(job: JobId): void {
    slotsOf.set(job, (slotsOf.get(job) ?? 0) + 1)
    counts.slots += 1
  }

  /** Days off are told of when a schedule looks at the clock the next time, unless it is gone by then. */
  function compareLate(rows: LedgerRows, nowMs: number): string[] {
    const found: string[] = []
    for (const [key, { job, dayOff }] of late) {
      const [, schedule = '', at = '', center = ''] = key.split(' ')
      const outcome = rows.outcome(job, schedule, at, center)
      const isGone = !expected.has(job, dayOff ?? '')
      const isDue = nowMs > Date.parse(at) + longestSleepMs
      if (outcome === 'skipped') count(job)
      else if (outcome) found.push(`slot ${key}: should be skipped, it is ${outcome}`)
      else if (isGone) counts.untold += 1
      else if (isDue) found.push(`slot ${key}: should be skipped, it is not there`)
      if (outcome || isGone || isDue) late.delete(key)
    }
    return found
  }

  return {
    counts,
    compare(rows, nowMs, executed) {
      const instant = (ms: number) => new Date(ms).toISOString()
      const known = rows.slots(instant(comparedMs), instant(nowMs))
      const missing = new Map<string, ExpectedSlot>()
      const found = compareSlots(expected, known, executed, (key, slot) => missing.set(key, slot))
      for (const [key, { job }] of expected.slots) if (!missing.has(key)) count(job)
      found.push(...compareLate(rows, nowMs))
      for (const [key, slot] of missing) late.set(key, slot)
      comparedMs = nowMs
      expected.clear()
      return found
    },
    compareAll(rows) {
      const found = rows.countSlots()
      return [...new Set([...found.keys(), ...slotsOf.keys()])]
        .filter((job) => (found.get(job) ?? 0) !== (slotsOf.get(job) ?? 0))
        .map((job) => `${job}: should have ${slotsOf.get(job) ?? 0} slots, it has ${found.get(job) ?? 0}`)
    },
    rename(from, to) {
      for (const [key, slot] of [...late]) {
        if (slot.job !== from) continue
        late.delete(key)
        late.set(key.replace(from, to), { ...slot, job: to })
      }
      slotsOf.set(to, (slotsOf.get(to) ?? 0) + (slotsOf.get(from) ?? 0))
      slotsOf.delete(from)
    },
  }
}
