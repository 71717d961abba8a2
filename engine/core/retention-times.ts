import { parseDuration } from './duration.ts'
import type { Settings } from './manifest.ts'

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

/** How long things are kept, in milliseconds. The bytes of a run are not kept longer than the run. */
export function retentionTimes(settings: Settings | null): {
  runsMs: number
  artifactsMs: number
  eventsMs: number
} {
  const { runs = '400d', artifacts = '90d', events = '400d' } = settings?.retention ?? {}
  const runsMs = parseDuration(runs)
  return { runsMs, artifactsMs: Math.min(parseDuration(artifacts), runsMs), eventsMs: parseDuration(events) }
}
