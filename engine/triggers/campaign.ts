import type { TriggerType } from '../core/contracts/trigger.ts'

/** Runs a job when a campaign of the client ends. Nothing to watch: the event comes to the engine. */
export const campaignTrigger: TriggerType<'campaign'> = {
  type: 'campaign',
  title: 'Campaign',
  watch: () => Promise.resolve(),
  accepts: (eventType) => eventType === 'campaign.ended',
}
