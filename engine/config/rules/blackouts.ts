/** The rule about the blackouts of calendars: their edges go together, and the end comes after the start. */
import { isTimeOfDay } from '../../core/blackouts.ts'
import { DAY } from '../../core/civil.ts'
import { readEdge } from '../../core/edge.ts'
import type { Blackout } from '../../core/manifest.ts'
import { placeOf } from '../places.ts'
import { quote } from '../problems.ts'
import type { Rule } from './rule.ts'

const longestDays = 366

const blackoutEdges: Rule = {
  name: 'blackout-edges',
  check({ calendars }, report) {
    for (const document of calendars.values()) {
      for (const [index, blackout] of (document.value.blackouts ?? []).entries()) {
        const fault = findFault(blackout)
        if (fault) report(placeOf(document, `/blackouts/${index}/${fault.key}`), fault.message)
      }
    }
  },
}

function findFault({ from, until, days }: Blackout): { key: 'days' | 'until'; message: string } | undefined {
  const isTimes = isTimeOfDay(from)
  if (isTimes !== isTimeOfDay(until)) {
    const kind = isTimes ? 'a time of the day' : 'a moment'
    return {
      key: 'until',
      message: `from ${quote(from)} is ${kind}, so until is one too; here is ${quote(until)}`,
    }
  }
  if (isTimes) return undefined
  if (days)
    return { key: 'days', message: 'days go with times of the day such as from "22:00", not with a moment' }
  // In UTC, as wall times: an hour more or less of a clock change makes no difference to people.
  const [fromMs, untilMs] = [readEdge(from, 'UTC', 'start') ?? 0, readEdge(until, 'UTC', 'end') ?? 0]
  if (untilMs <= fromMs)
    return { key: 'until', message: `until ${quote(until)} is not after from ${quote(from)}` }
  if (untilMs - fromMs > longestDays * DAY)
    return {
      key: 'until',
      message: `the blackout lasts longer than ${longestDays} days; a job is disabled by enabled: false`,
    }
  return undefined
}

export const blackoutRules: Rule[] = [blackoutEdges]
