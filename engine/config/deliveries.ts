/** Where the reports of a job are delivered, as far as the manifest tells. Pure. */
import type { Client, Job } from '../core/manifest.ts'
import { readTemplate } from '../core/template.ts'
import { followsFor } from './conditions.ts'
import { fillEdges, reachSteps } from './graph.ts'
import { rememberLast } from './remember-last.ts'
import { sourcesOf } from './uses.ts'

/** A report's file that a step delivers to one place. */
export interface NamedDelivery {
  step: string
  stepIndex: number
  source: string
  sourceIndex: number
  /** Null in scope `client`. */
  callCenter: string | null
  /** `<connection>:<folder/name>`, with the tokens whose value the manifest tells filled in; the others stand. */
  target: string
}

const listed = rememberLast((_: Job) => new Map<string | null, NamedDelivery[]>())

/**
 * The deliveries of one run: in scope `call-center` that of `callCenter`, with the steps that it can come to. Asked
 * again for the same job it gives the same list, which nobody may change.
 */
export function deliveriesOf(job: Job, callCenter: string | null): NamedDelivery[] {
  const ofJob = listed(job)
  const deliveries = ofJob.get(callCenter) ?? listDeliveries(job, callCenter)
  ofJob.set(callCenter, deliveries)
  return deliveries
}

function listDeliveries(job: Job, callCenter: string | null): NamedDelivery[] {
  const branches = callCenter !== null && job.steps.some(({ type }) => type === 'condition')
  const reached = reachSteps(fillEdges(job.steps), branches ? followsFor(callCenter) : undefined)
  return job.steps.flatMap((step, stepIndex) => {
    if ((step.type !== 'ftp-out-copy' && step.type !== 'cloud-copy') || !reached.has(step.name)) return []
    return sourcesOf(step, stepIndex).flatMap(({ name }) => {
      const sourceIndex = job.steps.findIndex((other) => other.name === name)
      const source = job.steps[sourceIndex]
      if (source?.type !== 'report') return []
      const known = { client: job.client, job: job.name, callCenter: callCenter ?? '', ext: source.format }
      const fileName = fillTokens(source.fileName, { ...known, report: source.report.split('/').at(-1)! })
      const place =
        step.type === 'cloud-copy'
          ? fillTokens(step.prefix ?? '', known) + fileName
          : `${fillTokens(step.path, known).replace(/\/+$/, '')}/${fileName}`
      const target = `${step.connection}:${place}`
      return [{ step: step.name, stepIndex, source: name, sourceIndex, callCenter, target }]
    })
  })
}

/** The deliveries of all runs of one slot. */
export function deliveriesOfSlot(job: Job, client: Client): NamedDelivery[] {
  if (job.scope === 'client') return deliveriesOf(job, null)
  const centers = job.callCenters ?? client.callCenters.map(({ name }) => name)
  return centers.flatMap((center) => deliveriesOf(job, center))
}

function fillTokens(template: string, known: Record<string, string>): string {
  return readTemplate(template)
    .map((part) => {
      if (part.kind === 'text') return part.text
      if (part.kind === 'brace') return template[part.offset]
      if (Object.hasOwn(known, part.name)) return known[part.name]
      const format = part.format ?? (part.name.startsWith('period.') ? 'yyyyMMdd' : null)
      return format === null ? `{${part.name}}` : `{${part.name}:${format}}`
    })
    .join('')
}
