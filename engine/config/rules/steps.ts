/** Rules about the step graph: where a run can go, and which files it has there. */

import { offersPlaces } from '../../core/files-in-place.ts'
import type { Job } from '../../core/manifest.ts'
import type { Step } from '../../core/model.ts'
import { stepTraits } from '../../core/step-traits.ts'
import { suggestWord } from '../../core/suggest.ts'
import { conditionValues } from '../conditions.ts'
import { hasCampaign } from '../followed-jobs.ts'
import { areStepsSound, edges, endings, fillEdges, findCycle, reachSteps } from '../graph.ts'
import { placeOf } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { sourcesOf } from '../uses.ts'
import { jobRule, type Rule } from './rule.ts'

const unknownStep = jobRule('unknown-step', (document, report) => {
  const { steps } = document.value
  const names = steps.map((step) => step.name)
  const expectStep = (pointer: string, name: string, also: readonly string[], on?: string) => {
    if (names.includes(name) || also.includes(name)) return
    const known = [...names, ...also]
    const hint = suggestWord(name, known) || `; allowed: ${listWords(known)}`
    report(placeOf(document, pointer), `there is no step ${quote(name)}${on ?? ''}${hint}`)
  }
  steps.forEach((step, index) => {
    for (const edge of edges) {
      const target = step[edge]
      if (target !== undefined) expectStep(`/steps/${index}/${edge}`, target, endings)
    }
    for (const { pointer, name } of sourcesOf(step, index)) expectStep(pointer, name, ['trigger'])
    if (step.type !== 'condition') return
    for (const { pointer, value } of conditionValues(step.when, `/steps/${index}/when`)) {
      const name = /^steps\.([^.]+)\./.exec(value)?.[1]
      if (name !== undefined) expectStep(pointer, name, [])
    }
  })
})

const unreachableStep = jobRule('unreachable-step', (document, report) => {
  if (!areStepsSound(document.value.steps)) return
  const steps = fillEdges(document.value.steps)
  const told = new Set(reachSteps(steps).keys())
  if (told.size === steps.length) return
  const lost = steps.filter(({ name }) => !told.has(name))
  const targets = new Set(lost.flatMap((step) => edges.map((edge) => step[edge])))
  // Where a chain begins is the place to mend; a circle has no beginning, so its steps come last.
  const starts = [...lost.filter(({ name }) => !targets.has(name)), ...lost]
  for (const { name } of starts) {
    if (told.has(name)) continue
    const chain = [...reachSteps(steps, undefined, name).keys()].filter((each) => !told.has(each))
    for (const each of chain) told.add(each)
    const after = chain.length > 1 ? ` (nor to ${listWords(chain.slice(1), 'and')} after it)` : ''
    const index = steps.findIndex((step) => step.name === name)
    report(
      placeOf(document, `/steps/${index}/name`),
      `no way leads to the step ${quote(name)}${after}${whyLost(steps, index)}; name it in an onSuccess or onFailure, or remove it`,
    )
  }
})

/** `: "build" before it goes to end`, unless the step before leads there. */
function whyLost(steps: readonly Step[], index: number): string {
  const before = steps[index - 1]
  if (!before || edges.some((edge) => before[edge] === steps[index]!.name)) return ''
  const target = before.onSuccess
  return `: ${quote(before.name)} before it goes to ${endings.includes(target) ? target : quote(target)}`
}

const stepCycle = jobRule('step-cycle', (document, report) => {
  const { steps } = document.value
  if (!areStepsSound(steps)) return
  const cycle = findCycle(fillEdges(steps))
  if (!cycle) return
  // The edge that closes the cycle is the one to change.
  const from = steps.findIndex((step) => step.name === cycle.at(-2))
  const edge = edges.find((name) => fillEdges(steps)[from]![name] === cycle[0])!
  const written = steps[from]![edge] !== undefined
  const pointer = written ? `/steps/${from}/${edge}` : `/steps/${from}/name`
  report(
    placeOf(document, pointer),
    `the steps go in a circle: ${cycle.join(' -> ')}; a repeat is the step's own "retry"`,
  )
})

/** Whether the step produces files for later ones. */
export function offersFiles(step: Job['steps'][number]): boolean {
  if (step.type === 'http-request') return step.saveAs !== undefined
  return stepTraits[step.type].offersFiles
}

const fromOffers = jobRule('from-without-files', (document, report) => {
  const { steps, trigger } = document.value
  steps.forEach((step, index) => {
    for (const { pointer, name } of sourcesOf(step, index)) {
      const source = steps.find((other) => other.name === name)
      if (name === 'trigger' && trigger.type !== 'ftp-in') {
        const message = `a ${quote(trigger.type)} trigger brings no file; "trigger" is for jobs of type "ftp-in"`
        report(placeOf(document, pointer), message)
      } else if (source && !offersFiles(source)) {
        const offering = steps.filter(offersFiles).map((other) => other.name)
        const allowed = offering.length > 0 ? `; steps with files: ${listWords(offering)}` : ''
        report(
          placeOf(document, pointer),
          `the step ${quote(name)} (${source.type}) offers no files${allowed}`,
        )
      } else if (source && (step.type === 'move-file' || step.type === 'delete-file')) {
        if (offersPlaces(source)) continue
        const message = `the files of ${quote(name)} (${source.type}) lie in no folder that a ${step.type} could reach; name "trigger" or a step of type wait-for-file`
        report(placeOf(document, pointer), message)
      }
    }
  })
})

const fromReached = jobRule('from-not-on-every-path', (document, report) => {
  const { steps } = document.value
  if (!areStepsSound(steps)) return
  const graph = fillEdges(steps)
  steps.forEach((step, index) => {
    for (const { pointer, name } of sourcesOf(step, index)) {
      const source = steps.find((other) => other.name === name)
      if (!source || !offersFiles(source)) continue
      // A step's files exist only behind its success: what is reached without that edge has none.
      const way = reachSteps(graph, (at, edge) => at.name !== name || edge !== 'onSuccess').get(step.name)
      if (way) {
        report(
          placeOf(document, pointer),
          `the step ${quote(step.name)} can be reached without a file of ${quote(name)}: ${way.join(' -> ')}`,
        )
      }
    }
  })
})

const periodCampaign = jobRule('period-campaign', (document, report, manifests, job) => {
  const { steps, trigger } = document.value
  steps.forEach((step, index) => {
    if (step.type === 'report' && step.period === 'campaign' && !hasCampaign(manifests, job)) {
      const needs = trigger.type === 'after' ? '; follow only jobs that have it' : ''
      const message = `the period "campaign" needs a trigger of type "campaign"; this job's is ${quote(trigger.type)}${needs}`
      report(placeOf(document, `/steps/${index}/period`), message)
    }
  })
})

export const stepRules: Rule[] = [
  unknownStep,
  unreachableStep,
  stepCycle,
  fromOffers,
  fromReached,
  periodCampaign,
]
