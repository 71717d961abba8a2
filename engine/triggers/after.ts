import type { TriggerType } from '../core/contracts/trigger.ts'

/** Runs a job when a run of another one has ended. Nothing is watched: the end itself makes it due, see core/follow-ups. */
export const afterTrigger: TriggerType<'after'> = {
  type: 'after',
  title: 'After',
  watch: () => Promise.resolve(),
}
