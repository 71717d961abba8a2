/** Rules about the names of produced files. */
import type { Job } from '../../core/manifest.ts'
import { checkTokens } from '../../core/tokens.ts'
import { followsFor } from '../conditions.ts'
import { areStepsSound, fillEdges, reachSteps } from '../graph.ts'
import { type LoadedDocument, placeOf, placeWithin, valueAt } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { sourcesOf } from '../uses.ts'
import { callCentersOf } from './call-centers.ts'
import { jobRule, type Report, type Rule } from './rule.ts'

const fileTokens = jobRule('file-name-token', (document, report) => {
  document.value.steps.forEach((_, index) => {
    for (const field of ['fileName', 'path', 'prefix']) {
      const pointer = `/steps/${index}/${field}`
      const template = valueAt(document.value, pointer)
      if (typeof template !== 'string') continue
      for (const { offset, length, message } of checkTokens(template)) {
        report(placeWithin(document, pointer, offset, length), message)
      }
    }
  })
})

/** One file that a step delivers: its name and target as templates. */
interface NamedDelivery {
  step: string
  stepIndex: number
  source: string
  sourceIndex: number
  /** `<connection>:<folder or prefix>`. */
  target: string
  fileName: string
}

function deliveriesOf(job: Job): NamedDelivery[] {
  return job.steps.flatMap((step, stepIndex) => {
    if (step.type !== 'ftp-out-copy' && step.type !== 'cloud-copy') return []
    const folder = step.type === 'cloud-copy' ? (step.prefix ?? '') : step.path.replace(/\/+$/, '')
    return sourcesOf(step, stepIndex).flatMap(({ name }) => {
      const sourceIndex = job.steps.findIndex((other) => other.name === name)
      const source = job.steps[sourceIndex]
      if (source?.type !== 'report') return []
      const target = `${step.connection}:${folder}`
      return [{ step: step.name, stepIndex, source: name, sourceIndex, target, fileName: source.fileName }]
    })
  })
}

const sameFileName = jobRule('file-name-collision', (document, report, manifests, job) => {
  if (!areStepsSound(document.value.steps)) return
  const deliveries = deliveriesOf(document.value)
  tellRepeats(document, deliveries, report)
  const client = manifests.clients.get(job.split('/')[0]!)
  if (!client || document.value.scope !== 'call-center') return
  const graph = fillEdges(document.value.steps)
  const centers = callCentersOf(document.value, client.value)
  const reached = centers.map((center) => ({ center, ways: reachSteps(graph, followsFor(center)) }))
  const told = new Set<number>()
  for (const { step, sourceIndex, target, fileName } of deliveries) {
    if (/\{(callCenter|runId)\}/.test(target + fileName) || told.has(sourceIndex)) continue
    if (checkTokens(fileName).length > 0) continue
    const sharing = reached.filter(({ ways }) => ways.has(step)).map(({ center }) => center)
    if (sharing.length < 2) continue
    told.add(sourceIndex)
    const message = `the runs of ${listWords(sharing, 'and')} would deliver the same name by the step ${quote(step)}; add {callCenter}`
    report(placeOf(document, `/steps/${sourceIndex}/fileName`), message)
  }
})

/** Two deliveries on one path that put the same name into the same place. */
function tellRepeats(document: LoadedDocument<Job>, deliveries: NamedDelivery[], report: Report): void {
  const graph = fillEdges(document.value.steps)
  deliveries.forEach((delivery, index) => {
    const earlier = deliveries.slice(0, index).find((other) => {
      if (other.target !== delivery.target || other.fileName !== delivery.fileName) return false
      if (other.fileName.includes('{seq}')) return false
      if (other.stepIndex === delivery.stepIndex) return true
      const follow = (from: string, to: string) =>
        reachSteps([...graph].sort((a) => (a.name === from ? -1 : 0))).has(to)
      return follow(other.step, delivery.step) || follow(delivery.step, other.step)
    })
    if (!earlier) return
    const message = `the step ${quote(delivery.step)} would deliver the same name to the same folder as ${
      earlier.stepIndex === delivery.stepIndex
        ? `its file of ${quote(earlier.source)}; give the reports different file names`
        : `the step ${quote(earlier.step)}; change its file name or folder`
    }`
    report(placeOf(document, `/steps/${delivery.stepIndex}/from`), message)
  })
}

export const fileRules: Rule[] = [fileTokens, sameFileName]
