/** The edges of a stretch of time as manifests write them: a day, a wall time, or an instant. */
import { DAY, isoDay } from './civil.ts'
import { readMoment } from './moment.ts'
import { firstInstantOfWall } from './zone.ts'

/**
 * Epoch milliseconds of `2026-12-24`, `2026-12-24T18:00`, or that with `Z` or an offset. A day as the end is the
 * midnight after it: it counts whole. undefined for any other text, and for years before 2000 and after 2199.
 */
export function readEdge(text: string, zone: string, edge: 'start' | 'end'): number | undefined {
  if (!/^2[01]\d\d-/.test(text)) return undefined
  if (text.includes('T')) return readMoment(text, zone)
  const day = Date.parse(`${text}T00:00Z`) / DAY
  // 30 February is read as 2 March.
  if (Number.isNaN(day) || isoDay(day) !== text) return undefined
  return firstInstantOfWall(zone, (edge === 'start' ? day : day + 1) * DAY)
}
