import type { TriggerType } from '../core/contracts/trigger.ts'

/** Runs a job only when somebody runs it. */
export const manualTrigger: TriggerType<'manual'> = {
  type: 'manual',
  title: 'Manual',
  watch: () => Promise.resolve(),
}
