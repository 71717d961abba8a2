import { HOUR, MINUTE } from './civil.ts'
import { firstInstantOfWall } from './zone.ts'

const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:(Z)|([+-])(\d\d):(\d\d))?$/

/**
 * Reads a moment as people write it: `2026-11-20T18:30` on the zone's wall clock, or with `Z` or an offset. Epoch
 * milliseconds; undefined for anything else, also for a day that does not exist.
 */
export function readMoment(text: string, zone: string): number | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [, minute = '', second = ':00', utc, sign, hours, minutes] = match
  const wallMs = Date.parse(`${minute}${second}Z`)
  // 30 February is read as 2 March.
  if (Number.isNaN(wallMs) || !new Date(wallMs).toISOString().startsWith(minute)) return undefined
  if (utc) return wallMs
  if (!sign) return firstInstantOfWall(zone, wallMs)
  return wallMs - (sign === '-' ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * MINUTE)
}
