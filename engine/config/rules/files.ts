/** Rules about the names of files. */
import { runParametersOf } from '../../core/fan-out.ts'
import { madeName } from '../../core/made-names.ts'
import type { Job } from '../../core/manifest.ts'
import type { JobId } from '../../core/model.ts'
import { readTemplate } from '../../core/template.ts'
import { checkTokens, tokenNames } from '../../core/tokens.ts'
import type { Manifests } from '../config.ts'
import { deliveriesOf, deliveriesOfSlot, type NamedDelivery } from '../deliveries.ts'
import { firstTriggers } from '../followed-jobs.ts'
import { areStepsSound, fillEdges, reachSteps } from '../graph.ts'
import { jobFile } from '../layout.ts'
import { type LoadedDocument, placeOf, placeWithin, valueAt } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { rememberLast } from '../remember-last.ts'
import { textsOfStep } from '../step-texts.ts'
import { tellRowRepeats } from './row-names.ts'
import { jobRule, type Report, type Rule } from './rule.ts'

interface StepTemplate {
  pointer: string
  template: string
  index: number
}

/** The texts with tokens of a job's steps, each with its pointer. */
const templatesIn: (document: LoadedDocument<Job>) => StepTemplate[] = rememberLast(({ value }) => {
  const found: StepTemplate[] = []
  value.steps.forEach((step, index) => {
    for (const { pointer, text } of textsOfStep(step)) {
      found.push({ pointer: `/steps/${index}${pointer}`, template: text, index })
    }
  })
  return found
})

/** The tokens that a job's names may have: every one, and its own parameters. */
const tokensOf: (job: Job) => readonly string[] = rememberLast((job) => [
  ...tokenNames,
  ...runParametersOf(job).map(({ name }) => `param.${name}`),
])

const fileTokens = jobRule('file-name-token', (document, report) => {
  for (const { pointer, template } of templatesIn(document)) {
    for (const { offset, length, message } of checkTokens(template, tokensOf(document.value))) {
      report(placeWithin(document, pointer, offset, length), message)
    }
  }
})

const emptyToken = jobRule('empty-token', (document, report, manifests, job) => {
  for (const { pointer, template, index } of templatesIn(document)) {
    for (const part of readTemplate(template)) {
      const about = { job: document.value, index, begins: firstTriggers(manifests, job) }
      const reason = part.kind === 'token' ? whyEmpty(part.name, about) : undefined
      if (part.kind !== 'token' || !reason) continue
      const message = `{${part.name}} is always empty ${reason}`
      report(placeWithin(document, pointer, part.offset, part.length), message, 'warning')
    }
  }
})

/** Why a token of a step has no value in any run of the job; undefined where it can have one. */
function whyEmpty(
  token: string,
  { job, index, begins }: { job: Job; index: number; begins: ReturnType<typeof firstTriggers> },
): string | undefined {
  const { type } = job.steps[index]!
  if (token === 'callCenter' && job.scope === 'client' && !job.fanOut?.callCenter)
    return 'in a job of scope "client"'
  if (token.startsWith('campaign.') && !begins.has('campaign')) {
    return `without the trigger "campaign"; this job's is ${quote(job.trigger.type)}`
  }
  if (token === 'seq') return 'for now; for names that differ use {slot} or {runId}'
  if (token === 'report' && type !== 'report') return `in a step of type ${quote(type)}`
  if (token === 'name' && type === 'report') return 'in the name of a new file'
  const isOfFile = token === 'name' || token === 'ext' || token.startsWith('period.')
  if (isOfFile && isWithoutFile(job.steps[index]!)) return 'in a step that works on no file'
  if (!token.startsWith('period.')) return undefined
  const step = job.steps[index]!
  if (step.type === 'move-file' && step.from !== 'trigger')
    return 'for a file that was waited for, which has no period'
  if (type === 'move-file' || isMadeOfPosted(step)) return 'for a posted file, which has no period'
  return undefined
}

function isWithoutFile(step: Job['steps'][number]): boolean {
  if (step.type === 'cloud-fetch') return true
  return step.type === 'notify' || (step.type === 'http-request' && step.from === undefined)
}

function isMadeOfPosted(step: Job['steps'][number]): boolean {
  const sources = 'from' in step ? [step.from ?? []].flat() : []
  return madeName(step, '') !== undefined && sources.every((source) => source === 'trigger')
}

const sameFileName = jobRule('file-name-collision', (document, report, manifests, job) => {
  if (!areStepsSound(document.value.steps)) return
  tellRepeats(document, deliveriesOf(document.value, null), report)
  tellRowRepeats(document, deliveriesOf(document.value, null), report)
  const client = manifests.clients.get(job.split('/')[0]!)
  if (!client || document.value.scope !== 'call-center') return
  const deliveries = deliveriesOfSlot(document.value, client.value)
  if (areTargetsDistinct(deliveries)) return
  const told = new Set<number>()
  const byTarget = Map.groupBy(deliveries, ({ target, step, source }) => `${target} ${step} ${source}`)
  for (const sharing of byTarget.values()) {
    const { step, sourceIndex, target } = sharing[0]!
    if (sharing.length < 2 || /\{runId\}/.test(target) || told.has(sourceIndex)) continue
    if (checkTokens(String(valueAt(document.value, `/steps/${sourceIndex}/fileName`))).length > 0) continue
    told.add(sourceIndex)
    const centers = sharing.map(({ callCenter }) => callCenter ?? '')
    const message = `the runs of ${listWords(centers, 'and')} would deliver the same name by the step ${quote(step)}; add {callCenter}`
    report(placeOf(document, `/steps/${sourceIndex}/fileName`), message)
  }
})

/** Whether no two go to the same name in the same place, as in nearly every job. */
function areTargetsDistinct(deliveries: readonly NamedDelivery[]): boolean {
  return deliveries.length < 2 || new Set(deliveries.map(({ target }) => target)).size === deliveries.length
}

/** Two deliveries on one path that put the same name into the same place. */
function tellRepeats(document: LoadedDocument<Job>, deliveries: NamedDelivery[], report: Report): void {
  if (areTargetsDistinct(deliveries)) return
  const graph = fillEdges(document.value.steps)
  const follows = (from: string, to: string) => reachSteps(graph, undefined, from).has(to)
  deliveries.forEach((delivery, index) => {
    const { step, stepIndex } = delivery
    const earlier = deliveries.slice(0, index).find((other) => {
      if (other.target !== delivery.target) return false
      return other.stepIndex === stepIndex || follows(other.step, step) || follows(step, other.step)
    })
    if (!earlier) return
    const message = `the step ${quote(step)} would deliver the same name to the same folder as ${
      earlier.stepIndex === stepIndex
        ? `its file of ${quote(earlier.source)}; give the reports different file names`
        : `the step ${quote(earlier.step)}; change its file name or folder`
    }`
    report(placeOf(document, `/steps/${stepIndex}/from`), message)
  })
}

/** A job that starts by itself; whoever runs a manual one again means it. */
function isAutomatic({ enabled, trigger }: Job): boolean {
  return enabled !== false && trigger.type !== 'manual'
}

/** The first delivery to each target among the jobs that were looked at. */
type FirstDeliveries = Map<string, { job: JobId; delivery: NamedDelivery }>
const firstOf = new WeakMap<Manifests, FirstDeliveries>()

const sharedFileName = jobRule('file-name-shared', (document, report, manifests, job) => {
  const first: FirstDeliveries = firstOf.get(manifests) ?? new Map()
  firstOf.set(manifests, first)
  const client = manifests.clients.get(job.split('/')[0]!)
  if (!client || !isAutomatic(document.value) || !areStepsSound(document.value.steps)) return
  const told = new Set<number>()
  for (const delivery of deliveriesOfSlot(document.value, client.value)) {
    const { target, sourceIndex, callCenter } = delivery
    if (/\{(slot|runId)\b/.test(target)) continue
    const other = first.get(target)
    if (!other) first.set(target, { job, delivery })
    if (!other || other.job === job || told.has(sourceIndex)) continue
    told.add(sourceIndex)
    const whose = callCenter === null ? '' : ` for the call center ${quote(callCenter)}`
    const message = `${jobFile(other.job)} delivers the same name to the same folder${whose}, by its step ${quote(other.delivery.step)}; add {job} or {slot}, or change the folder`
    report(placeOf(document, `/steps/${sourceIndex}/fileName`), message)
  }
})

export const fileRules: Rule[] = [fileTokens, emptyToken, sameFileName, sharedFileName]
