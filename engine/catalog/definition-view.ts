/** What customers may see of one version of a job: everything but what happened and what is to come. */
import type { Client } from '../core/manifest.ts'
import type { Snapshot } from '../core/model.ts'
import { describeFields } from '../core/schedule-words.ts'
import { describeRows } from './row-words.ts'
import { describeDaysOff } from './schedule-words.ts'
import { type StepView, viewStep } from './step-view.ts'
import { type TriggerView, viewTrigger } from './trigger-view.ts'

export interface DefinitionView {
  title: string
  /** Empty where there is none. */
  description: string
  isEnabled: boolean
  scope: 'Client' | 'Call center'
  /** Titles of the call centers it runs for. */
  callCenters: string[]
  /** What there is a run for where a query tells; empty for any other job. */
  rows: string
  trigger: TriggerView
  schedules: ScheduleDefinition[]
  steps: StepView[]
}

export interface ScheduleDefinition {
  name: string
  words: string
  timezone: string
  /** What days off change; empty for nothing. */
  daysOff: string
}

/** Shows a version; its call centers and addresses as the client calls and masks them today. */
export function viewDefinition(snapshot: Snapshot, client: Client): DefinitionView {
  const { manifest } = snapshot
  return {
    title: manifest.title,
    description: manifest.description ?? '',
    isEnabled: manifest.enabled,
    scope: manifest.scope === 'call-center' ? 'Call center' : 'Client',
    callCenters: manifest.callCenters.map(
      (name) => client.callCenters.find((callCenter) => callCenter.name === name)?.title ?? name,
    ),
    rows: describeRows(snapshot),
    trigger: viewTrigger(snapshot),
    schedules: snapshot.schedules.map((schedule) => ({
      name: schedule.name,
      words: describeFields(schedule.fields),
      timezone: schedule.timezone,
      daysOff: describeDaysOff(schedule),
    })),
    steps: manifest.steps.map((step) => viewStep(step, snapshot, client.callCenters)),
  }
}
