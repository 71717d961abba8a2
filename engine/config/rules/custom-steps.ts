/** Rules about step types of operators' own: what a job gives one is judged by its document, never by its code. */
import type { ClientPolicy, Job, StepType } from '../../core/manifest.ts'
import { describeParameter, readParameter } from '../../core/parameters.ts'
import { suggestWord } from '../../core/suggest.ts'
import { policyFile, stepTypeFile } from '../layout.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { stepTypesOf } from '../uses.ts'
import { faultsOfParameter } from './parameters.ts'
import { jobRule, namesIn, type Rule } from './rule.ts'

type CustomStep = Extract<Job['steps'][number], { type: 'custom' }>

const stepTypeNames = /^jobs\.d\/platform\/step-types\/(.+)\.yaml$/

const unknownStepType: Rule = {
  name: 'unknown-step-type',
  check(manifests, report) {
    const tell = (document: LoadedDocument<Job | ClientPolicy>, pointer: string, name: string) => {
      if (manifests.files.has(stepTypeFile(name))) return
      const known = namesIn(manifests, stepTypeNames)
      const hint = suggestWord(name, known) || `: ${stepTypeFile(name)} is missing`
      report(placeOf(document, pointer), `there is no step type ${quote(name)}${hint}`)
    }
    for (const document of manifests.jobs.values()) {
      for (const { name, pointer } of stepTypesOf(document.value)) tell(document, pointer, name)
    }
    for (const document of manifests.policies.values()) {
      document.value.stepTypes?.forEach((name, index) => {
        tell(document, `/stepTypes/${index}`, name)
      })
    }
  },
}

const stepTypeAllowed = jobRule('step-type-not-allowed', (document, report, manifests, job) => {
  const client = job.split('/')[0]!
  const policy = manifests.policies.get(client)
  if (!policy) return
  const allowed = policy.value.stepTypes ?? []
  for (const { name, pointer } of stepTypesOf(document.value)) {
    if (allowed.includes(name) || !manifests.files.has(stepTypeFile(name))) continue
    const has = allowed.length > 0 ? `allowed: ${listWords(allowed)}` : 'it allows none'
    const message = `the client's policy does not allow the step type ${quote(name)}; ${has}; an operator can add it in ${policyFile(client)}`
    report(placeOf(document, pointer), message)
  }
})

const customStep = jobRule('custom-step', (document, report, manifests) => {
  document.value.steps.forEach((step, index) => {
    const definition = step.type === 'custom' ? manifests.stepTypes.get(step.uses)?.value : undefined
    if (step.type !== 'custom' || !definition) return
    for (const { key, message } of faultsOfStep(step, definition))
      report(placeOf(document, `/steps/${index}/${key}`), message)
    const found = step.connection && manifests.connections.get(step.connection)?.value.type
    const types: readonly string[] = definition.connectionTypes ?? []
    if (!found || types.length === 0 || types.includes(found)) return
    const message = `${quote(step.connection)} is a connection of type ${quote(found)}; ${quote(step.uses)} needs one of type ${listWords(types)}`
    report(placeOf(document, `/steps/${index}/connection`), message)
  })
})

interface Fault {
  key: string
  message: string
}

/** What a step gives against what its type takes. */
function faultsOfStep(step: CustomStep, definition: StepType): Fault[] {
  const faults: Fault[] = []
  const uses = quote(step.uses)
  const types = definition.connectionTypes
  if (types && step.connection === undefined)
    faults.push({
      key: 'uses',
      message: `${uses} needs a connection of type ${listWords(types)}; none is named`,
    })
  if (!types && step.connection !== undefined)
    faults.push({ key: 'connection', message: `${uses} takes no connection` })
  if (definition.takesFiles && step.from === undefined)
    faults.push({ key: 'uses', message: `${uses} works on files; say in "from" on which` })
  if (!definition.takesFiles && step.from !== undefined)
    faults.push({ key: 'from', message: `${uses} takes no files` })
  return [...faults, ...faultsOfInputs(step, definition)]
}

function faultsOfInputs(step: CustomStep, { inputs = [] }: StepType): Fault[] {
  const given = step.with ?? {}
  const faults = Object.entries(given).flatMap(([name, value]): Fault[] => {
    const key = `with/${name}`
    const input = inputs.find((one) => one.name === name)
    if (input) {
      const read = readParameter(input, value)
      return 'fault' in read ? [{ key, message: read.fault }] : []
    }
    const names = inputs.map((one) => one.name)
    const has = names.length === 0 ? '; it takes none' : `; it takes ${listWords(names, 'and')}`
    const hint = suggestWord(name, names) || has
    return [{ key, message: `${quote(step.uses)} takes no ${quote(name)}${hint}` }]
  })
  const missing = inputs.filter((input) => input.required && !Object.hasOwn(given, input.name))
  return [
    ...faults,
    ...missing.map((input) => ({ key: 'uses', message: `${describeParameter(input)} is missing in "with"` })),
  ]
}

const stepTypeInput: Rule = {
  name: 'step-type-input',
  check({ stepTypes }, report) {
    for (const document of stepTypes.values()) {
      const names = document.value.inputs?.map(({ name }) => name) ?? []
      document.value.inputs?.forEach((input, index) => {
        const at = (key: string) => placeOf(document, `/inputs/${index}/${key}`)
        if (names.indexOf(input.name) < index)
          report(at('name'), `the input ${quote(input.name)} is there twice`)
        if (input.field !== undefined) report(at('field'), 'an input is given by the job, not by an event')
        for (const { key, message } of faultsOfParameter(input, 'scheduled')) report(at(key), message)
      })
    }
  },
}

export const customStepRules: Rule[] = [unknownStepType, stepTypeAllowed, customStep, stepTypeInput]
