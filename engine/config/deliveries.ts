/** Where the reports of a job are delivered, as far as the manifest tells. Pure. */
import type { Client, Job } from '../core/manifest.ts'
import { fileExtension } from '../core/report-file.ts'
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

/** A delivery that some run can come to. */
interface PlannedDelivery extends Omit<NamedDelivery, 'callCenter' | 'target'> {
  targetFor(callCenter: string | null): string
}

function listDeliveries(job: Job, callCenter: string | null): NamedDelivery[] {
  const planned = planDeliveries(job)
  if (planned.length === 0) return []
  const branches = callCenter !== null && job.steps.some(({ type }) => type === 'condition')
  const reached = reachSteps(fillEdges(job.steps), branches ? followsFor(callCenter) : undefined)
  const deliveries: NamedDelivery[] = []
  for (const { step, stepIndex, source, sourceIndex, targetFor } of planned) {
    if (!reached.has(step)) continue
    deliveries.push({ step, stepIndex, source, sourceIndex, callCenter, target: targetFor(callCenter) })
  }
  return deliveries
}

/** What is the same for every call center of a job. */
const planDeliveries: (job: Job) => PlannedDelivery[] = rememberLast((job) => {
  const planned: PlannedDelivery[] = []
  job.steps.forEach((step, stepIndex) => {
    if (step.type !== 'ftp-out-copy' && step.type !== 'cloud-copy') return
    for (const { name } of sourcesOf(step, stepIndex)) {
      const sourceIndex = job.steps.findIndex((other) => other.name === name)
      const source = job.steps[sourceIndex]
      if (source?.type !== 'report') continue
      planned.push({
        step: step.name,
        stepIndex,
        source: name,
        sourceIndex,
        targetFor: nameTarget(job, step, source),
      })
    }
  })
  return planned
})

type AnyStep = Job['steps'][number]
type DeliveryStep = Extract<AnyStep, { type: 'ftp-out-copy' | 'cloud-copy' }>
type ReportStep = Extract<AnyStep, { type: 'report' }>

function nameTarget(job: Job, step: DeliveryStep, source: ReportStep): PlannedDelivery['targetFor'] {
  const folder = step.type === 'cloud-copy' ? (step.prefix ?? '') : step.path
  const name = (callCenter: string) => {
    const known = { client: job.client, job: job.name, callCenter, ext: fileExtension(source) }
    const fileName = fillTokens(source.fileName, { ...known, report: source.report.split('/').at(-1)! })
    const place = fillTokens(folder, known)
    return step.type === 'cloud-copy'
      ? `${step.connection}:${place}${fileName}`
      : `${step.connection}:${place.replace(/\/+$/, '')}/${fileName}`
  }
  if (folder.includes('callCenter') || source.fileName.includes('callCenter')) {
    return (callCenter) => name(callCenter ?? '')
  }
  const same = name('')
  return () => same
}

/** The deliveries of all runs of one slot. */
export function deliveriesOfSlot(job: Job, client: Client): NamedDelivery[] {
  if (job.scope === 'client') return deliveriesOf(job, null)
  const centers = job.callCenters ?? client.callCenters.map(({ name }) => name)
  return centers.flatMap((center) => deliveriesOf(job, center))
}

function fillTokens(template: string, known: Record<string, string>): string {
  if (!template.includes('{')) return template
  let filled = ''
  for (const part of readTemplate(template)) {
    if (part.kind === 'text') filled += part.text
    else if (part.kind === 'brace') filled += template[part.offset]
    else if (Object.hasOwn(known, part.name)) filled += known[part.name]
    else {
      const format = part.format ?? (part.name.startsWith('period.') ? 'yyyyMMdd' : null)
      filled += format === null ? `{${part.name}}` : `{${part.name}:${format}}`
    }
  }
  return filled
}
