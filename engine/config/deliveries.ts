/** Where the reports of a job are delivered, as far as the manifest tells. Pure. */
import type { Client, Job } from '../core/manifest.ts'
import { splitFileName } from '../core/paths.ts'
import { followsFor } from './conditions.ts'
import { fillEdges, reachSteps } from './graph.ts'
import { fillTokens, type NamedFile, namedFilesOf } from './named-files.ts'
import { rememberLast } from './remember-last.ts'
import { sourcesOf } from './uses.ts'

/** A report's file, or one made of it, that a step delivers to one place. */
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
      for (const file of namedFilesOf(job, name)) {
        const { source, sourceIndex } = file
        const targetFor = nameTarget(job, step, file)
        planned.push({ step: step.name, stepIndex, source, sourceIndex, targetFor })
      }
    }
  })
  return planned
})

type AnyStep = Job['steps'][number]
type DeliveryStep = Extract<AnyStep, { type: 'ftp-out-copy' | 'cloud-copy' }>

function nameTarget(job: Job, step: DeliveryStep, file: NamedFile): PlannedDelivery['targetFor'] {
  const folder = step.type === 'cloud-copy' ? (step.prefix ?? '') : step.path
  const name = (callCenter: string) => {
    const fileName = file.nameFor(callCenter)
    const { ext } = splitFileName(fileName)
    const place = fillTokens(folder, { client: job.client, job: job.name, callCenter, ext })
    return step.type === 'cloud-copy'
      ? `${step.connection}:${place}${fileName}`
      : `${step.connection}:${place.replace(/\/+$/, '')}/${fileName}`
  }
  if (folder.includes('callCenter') || file.hasCallCenter) {
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
