/** Which connections a step talks to. */
import type { RunFile, Snapshot, Step } from './model.ts'

/**
 * By name, each once; none for a step that stays inside. Which folder a dropped file came from is known by the run's
 * files; without them every one that it may be.
 */
export function stepConnections(
  { manifest, policy }: Snapshot,
  step: Step,
  files: readonly RunFile[] = [],
): string[] {
  switch (step.type) {
    case 'report':
      return policy.dataset ? [policy.dataset.connection] : []
    case 'move-file': {
      const origins = files.flatMap(({ origin }) => origin?.connection ?? [])
      const { trigger } = manifest
      const folders = trigger.type === 'ftp-in' ? trigger.folders.map(({ connection }) => connection) : []
      return [...new Set(origins.length > 0 ? origins : folders)]
    }
    default:
      return 'connection' in step ? [step.connection] : []
  }
}
