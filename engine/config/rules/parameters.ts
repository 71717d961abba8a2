/** Rules about what runs are given by name, and who uses it. */
import { rowParametersOf, runParametersOf } from '../../core/fan-out.ts'
import type { Job, Parameter, Report as ReportManifest } from '../../core/manifest.ts'
import { parametersOf, readParameter } from '../../core/parameters.ts'
import { suggestWord } from '../../core/suggest.ts'
import { builtInParameters, usedParameters } from '../../reports/query-names.ts'
import { listFields, type NamedField } from '../../reports/template-fields.ts'
import { reportFiles } from '../layout.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { locateMail, readText } from '../templates.ts'
import { reportsOf, templatesOf } from '../uses.ts'
import { jobRule, type Rule } from './rule.ts'

/** What is wrong with naming a parameter that a job does not have, and where; undefined where it has it. */
export function unknownParameter(
  job: Pick<Job, 'trigger' | 'fanOut'>,
  name: string,
  where = '',
): string | undefined {
  const known = runParametersOf(job).map((parameter) => parameter.name)
  if (known.includes(name)) return undefined
  const has = known.length > 0 ? `; it has ${listWords(known, 'and')}` : '; its trigger has no parameters'
  return `the job has no parameter ${quote(name)}${where}${suggestWord(name, known) || has}`
}

const parameterName = jobRule('parameter-name', (document, report) => {
  const parameters = runParametersOf(document.value)
  const ofTrigger = parametersOf(document.value.trigger).length
  parameters.forEach(({ name }, index) => {
    const isOfRow = index >= ofTrigger
    const pointer = isOfRow ? `/fanOut/parameters/${index - ofTrigger}` : `/trigger/parameters/${index}`
    const at = placeOf(document, `${pointer}/name`)
    // A query does not tell upper case from lower case.
    const isSame = (other: string) => other.toLowerCase() === name.toLowerCase()
    if (builtInParameters.some(isSame))
      report(at, `${quote(name)} is what every query has already; give the parameter another name`)
    else if (parameters.findIndex((other) => isSame(other.name)) < index)
      report(at, `the parameter ${quote(name)} is there twice; names that differ only in case are the same`)
  })
})

const parameterValue = jobRule('parameter-value', (document, report) => {
  const { trigger } = document.value
  parametersOf(trigger).forEach((parameter, index) => {
    for (const { key, message } of faultsOfParameter(parameter, trigger.type))
      report(placeOf(document, `/trigger/parameters/${index}/${key}`), message)
  })
  rowParametersOf(document.value).forEach(({ field, ...parameter }, index) => {
    const at = (key: string) => placeOf(document, `/fanOut/parameters/${index}/${key}`)
    if (field !== undefined)
      report(
        at('field'),
        "a row's value is the query's column of its name, no field of an event; leave it out",
      )
    for (const { key, message } of faultsOfParameter(parameter, trigger.type)) report(at(key), message)
  })
})

interface Fault {
  key: string
  message: string
}

/** What in a definition contradicts the rest of it. */
export function faultsOfParameter(parameter: Parameter, trigger: Job['trigger']['type']): Fault[] {
  const { name, type, default: fallback, allowed, min, max, maxLength, field, required } = parameter
  const faults: Fault[] = []
  const tell = (key: string, message: string | undefined) => message && faults.push({ key, message })
  const faultOf = (given: unknown, by: Partial<Parameter> = {}) => {
    const read = readParameter({ name, type, ...by }, given)
    return 'fault' in read ? read.fault : undefined
  }
  if (field !== undefined && trigger === 'manual')
    tell('field', `a run by hand has no event to take a field of; the job's trigger is ${quote(trigger)}`)
  if (maxLength !== undefined && type !== 'text')
    tell('maxLength', `only a text has a length; ${quote(name)} is of type ${quote(type)}`)
  for (const [key, limit] of Object.entries({ min, max })) {
    if (limit === undefined) continue
    if (type === 'text' || type === 'boolean')
      tell(key, `${quote(name)} is of type ${quote(type)}, which has no ${key}`)
    else tell(key, faultOf(limit))
  }
  if (faults.length > 0) return faults
  const limits = {
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(maxLength !== undefined && { maxLength }),
  }
  if (min !== undefined && max !== undefined && faultOf(max, { min }))
    tell('max', `nothing is from ${min} up to ${max}`)
  for (const [index, one] of (allowed ?? []).entries()) tell(`allowed/${index}`, faultOf(one, limits))
  if (fallback === undefined) return faults
  if (required) tell('required', `with a default ${quote(name)} is never missing; leave one of them out`)
  tell('default', faultOf(fallback, { ...limits, ...(allowed && { allowed }) }))
  return faults
}

// Many jobs use the same few templates.
const known = new Map<string, NamedField[]>()
const mostKnown = 1000

function parametersIn(text: string): NamedField[] {
  let fields = known.get(text)
  if (!fields) {
    fields = listFields(text, 'parameters')
    if (known.size >= mostKnown) known.clear()
    known.set(text, fields)
  }
  return fields
}

const templateParameter = jobRule('template-parameter', (document, report, manifests, job) => {
  const { steps } = document.value
  for (const { pointer, name } of templatesOf(document.value)) {
    const { found } = locateMail(manifests, job.split('/')[0]!, name)
    for (const file of Object.values(found)) {
      for (const field of parametersIn(readText(manifests, file))) {
        const fault = unknownParameter(document.value, field.name, `, which ${file}:${field.line} names`)
        if (fault) report(placeOf(document, pointer), fault)
      }
    }
  }
  steps.forEach((step, index) => {
    if (step.type !== 'email' || step.subject === undefined) return
    for (const field of parametersIn(step.subject)) {
      const fault = unknownParameter(document.value, field.name)
      if (fault) report(placeOf(document, `/steps/${index}/subject`), fault)
    }
  })
})

const queryParameter: Rule = {
  name: 'query-parameter',
  check(manifests, report) {
    for (const [name, document] of manifests.reports) {
      const defined = (document.value.parameters ?? []).map((parameter) => parameter.name)
      const names = [...builtInParameters, ...defined].map((one) => one.toLowerCase())
      for (const used of usedParameters(readText(manifests, reportFiles(name).query))) {
        if (names.includes(used.toLowerCase())) continue
        const message = `query.sql uses $${used}, which is none of ${listWords([...builtInParameters, ...defined])}; declare it under "parameters"`
        report(placeOf(document, defined.length > 0 ? '/parameters' : '/name', 'key'), message)
      }
    }
  },
}

const reportParameter = jobRule('report-parameter', (document, report, manifests) => {
  for (const { pointer, name } of reportsOf(document.value)) {
    for (const fault of missingIn(document.value, manifests.reports.get(name)))
      report(placeOf(document, pointer), `the report ${quote(name)} ${fault}`)
  }
})

/** What a report needs and the job does not give. */
function missingIn(job: Job, report: LoadedDocument<ReportManifest> | undefined): string[] {
  const given = runParametersOf(job)
  return (report?.value.parameters ?? []).flatMap(({ name, type }) => {
    const found = given.find((parameter) => parameter.name === name)
    if (found?.type === type) return []
    if (found) return [`takes ${quote(name)} as ${type}, here it is ${found.type}`]
    return [`needs the parameter ${quote(name)} (${type}), which the job's trigger does not have`]
  })
}

export const parameterRules: Rule[] = [
  parameterName,
  parameterValue,
  templateParameter,
  queryParameter,
  reportParameter,
]
