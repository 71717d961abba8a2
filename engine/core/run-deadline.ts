import { parseDuration } from './duration.ts'
import type { Instant, Run, Snapshot } from './model.ts'

/** How long a run may take where its job does not say. */
export const defaultRunTimeout = '1d'

/** When the run's time is over, in epoch ms; `startedAt` for one that has not begun. */
export function runDeadlineMs(
  { startedAt }: Pick<Run, 'startedAt'>,
  { manifest }: Snapshot,
  begun: Instant,
): number {
  return Date.parse(startedAt ?? begun) + parseDuration(manifest.timeout ?? defaultRunTimeout)
}
