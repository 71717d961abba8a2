import type { TriggerType } from '../core/contracts/trigger.ts'
import type { Trigger } from '../core/model.ts'
import { afterTrigger } from './after.ts'
import { campaignTrigger } from './campaign.ts'
import { ftpInTrigger } from './ftp-in.ts'
import { manualTrigger } from './manual.ts'
import { scheduledTrigger } from './scheduled.ts'

type AnyTriggerType = { [T in Trigger['type']]: TriggerType<T> }[Trigger['type']]

const list: AnyTriggerType[] = [scheduledTrigger, campaignTrigger, ftpInTrigger, manualTrigger, afterTrigger]

/** Every trigger type, as docs and catalog list them. Whoever watches with one picks it by the trigger's own type. */
export const triggerTypes = list as readonly TriggerType[]
