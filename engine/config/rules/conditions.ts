/** Rules about what conditions ask: whether it is known there, and whether the answer can vary. */
import { runParametersOf } from '../../core/fan-out.ts'
import type { Job, Parameter } from '../../core/manifest.ts'
import { suggestWord } from '../../core/suggest.ts'
import { type ComparedValue, conditionValues, decideTest } from '../conditions.ts'
import { hasCampaign } from '../followed-jobs.ts'
import { areStepsSound, fillEdges, reachSteps } from '../graph.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { jsonType, nameType } from '../schema-sentences.ts'
import { callCentersOf } from './call-centers.ts'
import { unknownParameter } from './parameters.ts'
import { jobRule, type Rule } from './rule.ts'
import { offersFiles } from './steps.ts'

type ConditionStep = Extract<Job['steps'][number], { type: 'condition' }>

/** Calls back for each condition of a job, with its place in the list. */
function eachCondition(
  { value }: LoadedDocument<Job>,
  visit: (step: ConditionStep, index: number) => void,
): void {
  value.steps.forEach((step, index) => {
    if (step.type === 'condition') visit(step, index)
  })
}

const conditionValue = jobRule('condition-value', (document, report, manifests, job) => {
  eachCondition(document, (step, index) => {
    for (const { value, pointer } of conditionValues(step.when, `/steps/${index}/when`)) {
      const fault = value.startsWith('steps.')
        ? faultOfStepValue(document.value, step.name, value)
        : faultOfTriggerValue(document.value, value, hasCampaign(manifests, job))
      if (fault) report(placeOf(document, pointer), fault)
    }
  })
})

function faultOfTriggerValue(job: Job, value: string, isCampaign: boolean): string | undefined {
  if (value.startsWith(ofParameter)) return unknownParameter(job, value.slice(ofParameter.length))
  const trigger = job.trigger.type
  const brings = { event: 'campaign', file: 'ftp-in' } as const
  const what = value.split('.')[0] as keyof typeof brings
  if (!Object.hasOwn(brings, what) || brings[what] === trigger) return undefined
  if (what === 'event' && isCampaign) return undefined
  return `${value} is there only in a job with the trigger ${quote(brings[what])}; this job's is ${quote(trigger)}`
}

function faultOfStepValue(job: Job, condition: string, value: string): string | undefined {
  const [, name = '', field = ''] = value.split('.')
  const asked = job.steps.find((step) => step.name === name)
  if (!asked) return undefined
  if (field !== 'ok' && !offersFiles(asked)) {
    return `the step ${quote(name)} (${asked.type}) has no ${field}; only steps of type "report" do, of others there is "ok"`
  }
  if (!areStepsSound(job.steps)) return undefined
  const comesBefore = name !== condition && reachSteps(fillEdges(job.steps), undefined, name).has(condition)
  return comesBefore
    ? undefined
    : `the step ${quote(name)} does not come before ${quote(condition)}, so nothing is known of it there`
}

const constantCondition = jobRule('constant-condition', (document, report, manifests, job) => {
  const client = manifests.clients.get(job.split('/')[0]!)
  eachCondition(document, (step, index) => {
    const pointer = `/steps/${index}/when`
    const asked = conditionValues(step.when, pointer)
    const faults = asked.flatMap((one) => impossible(one, document.value))
    for (const fault of faults) report(placeOf(document, fault.pointer), fault.message, 'warning')
    if (faults.length > 0 || !client || document.value.scope !== 'call-center') return
    const centers = callCentersOf(document.value, client.value)
    const isUnknown = ({ value, equals }: ComparedValue) =>
      value === 'run.callCenter' && equals.some(({ to }) => !centers.includes(String(to)))
    if (asked.some(isUnknown)) return
    const ways = new Set(centers.map((center) => decideTest(step.when, center)))
    const [holds] = ways
    if (ways.size !== 1 || holds === undefined) return
    const message = `this is ${holds} for every call center of the job (${listWords(centers, 'and')}), so that ${holds ? 'onFailure' : 'onSuccess'} is never taken`
    report(placeOf(document, pointer, 'key'), message, 'warning')
  })
})

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const operators = ['matches', 'greaterThan', 'lessThan'] as const

/** The parts of a comparison that no run can fulfil. */
function impossible({ value, pointer, test, equals }: ComparedValue, job: Job): Wrong[] {
  const type = typeOfValue(job, value)
  if (type === undefined) return []
  const is = `${value} is ${nameType(type)}`
  const operator = operators.find((name) => name in test)
  if (operator && type !== (operator === 'matches' ? 'string' : 'number')) {
    const wants = operator === 'matches' ? 'looks at texts' : 'compares numbers'
    return [{ pointer, message: `this never holds: ${is}, and ${operator} ${wants}` }]
  }
  return equals.flatMap(({ pointer: at, to }) => {
    if (jsonType(to) !== type) {
      return [
        {
          pointer: at,
          message: `this never holds: ${is}, and ${JSON.stringify(to)} is ${nameType(jsonType(to))}`,
        },
      ]
    }
    const known = knownValues(job, value)
    if (!known || known.includes(String(to))) return []
    const hint = suggestWord(String(to), known) || `; allowed: ${listWords(known)}`
    return [{ pointer: at, message: `this never holds: ${value} is never ${quote(to)}${hint}` }]
  })
}

/** The only texts that a value ever has; undefined where it may be any. */
function knownValues(job: Job, value: string): string[] | undefined {
  if (value === 'run.weekday') return weekdays
  if (value === 'run.client') return [job.client]
  return parameterOf(job, value)?.allowed?.map(String)
}

interface Wrong {
  pointer: string
  message: string
}

const ofParameter = 'run.parameters.'

/** The parameter that a value is; undefined for any other value, and for one that the job does not have. */
function parameterOf(job: Job, value: string): Parameter | undefined {
  if (!value.startsWith(ofParameter)) return undefined
  return runParametersOf(job).find(({ name }) => name === value.slice(ofParameter.length))
}

/** The type that a value has in every run; of an event's fields nothing is known before. */
function typeOfValue(job: Job, value: string): 'string' | 'number' | 'boolean' | undefined {
  if (value.startsWith(ofParameter)) {
    const type = parameterOf(job, value)?.type
    if (type === undefined || type === 'boolean') return type
    return type === 'integer' || type === 'number' ? 'number' : 'string'
  }
  if (value.startsWith('event.')) return undefined
  if (/^(file\.size|steps\..*\.(rows|size))$/.test(value)) return 'number'
  return value.endsWith('.ok') ? 'boolean' : 'string'
}

export const conditionRules: Rule[] = [conditionValue, constantCondition]
