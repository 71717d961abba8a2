/** What a job names outside itself. */
import type { Connection, Job } from '../core/manifest.ts'
import { connectionsOfStep } from '../core/step-connections.ts'
import { rememberLast } from './remember-last.ts'

/** A connection that a manifest names, where, and which types do there. */
export interface ConnectionUse {
  pointer: string
  name: string
  types: readonly Connection['type'][]
  /** As in `a step of type "email"`. */
  user: string
}

/** The connections that a job's steps and drop folders name. */
export const connectionsOf: (job: Job) => ConnectionUse[] = rememberLast((job) => {
  const folders = job.trigger.type === 'ftp-in' ? job.trigger.folders : []
  const watched = folders.map((folder, index) => ({
    pointer: `/trigger/folders/${index}/connection`,
    name: folder.connection,
    types: ['sftp', 'folder'] as const,
    user: 'a drop folder',
  }))
  const used = job.steps.flatMap((step, index) =>
    connectionsOfStep(step).map(({ path, name, types }) => {
      return { pointer: `/steps/${index}/${path}`, name, types, user: `a step of type "${step.type}"` }
    }),
  )
  return [...watched, ...used]
})

/** The reports that a job's steps name. */
export function reportsOf(job: Job): { pointer: string; name: string }[] {
  return job.steps.flatMap((step, index) =>
    step.type === 'report' ? [{ pointer: `/steps/${index}/report`, name: step.report }] : [],
  )
}

/** The mail templates that a job's steps name. */
export function templatesOf(job: Job): { pointer: string; name: string }[] {
  return job.steps.flatMap((step, index) =>
    step.type === 'email' ? [{ pointer: `/steps/${index}/template`, name: step.template }] : [],
  )
}

/** The calendars that a job's schedules name. */
export function calendarsOf(job: Job): { pointer: string; name: string }[] {
  const schedules = job.trigger.type === 'scheduled' ? job.trigger.schedules : []
  const expected = job.expectBy?.calendar
  return [
    ...schedules.flatMap(({ calendar }, index) =>
      calendar ? [{ pointer: `/trigger/schedules/${index}/calendar`, name: calendar }] : [],
    ),
    ...(expected ? [{ pointer: '/expectBy/calendar', name: expected }] : []),
  ]
}

/** The step types of operators' own that a job's steps name. */
export function stepTypesOf(job: Job): { pointer: string; name: string }[] {
  return job.steps.flatMap((step, index) =>
    step.type === 'custom' ? [{ pointer: `/steps/${index}/uses`, name: step.uses }] : [],
  )
}

/** The names in a step's `from`, each with its pointer. */
export function sourcesOf(step: Job['steps'][number], index: number): { pointer: string; name: string }[] {
  if (!('from' in step) || step.from === undefined) return []
  const pointer = `/steps/${index}/from`
  if (typeof step.from === 'string') return [{ pointer, name: step.from }]
  return step.from.map((name, place) => ({ pointer: `${pointer}/${place}`, name }))
}
