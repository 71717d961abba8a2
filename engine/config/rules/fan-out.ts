/** Rules about jobs that make a run for each row of a query. */
import { runParametersOf } from '../../core/fan-out.ts'
import type { FanOut, Job } from '../../core/manifest.ts'
import { parametersOf } from '../../core/parameters.ts'
import { recipientParameter } from '../../core/recipients.ts'
import { suggestWord } from '../../core/suggest.ts'
import { builtInParameters, usedParameters } from '../../reports/query-names.ts'
import { type LoadedDocument, placeOf } from '../places.ts'
import { listWords, quote } from '../problems.ts'
import { selectedColumns } from '../select-list.ts'
import { unknownParameter } from './parameters.ts'
import { jobRule, type Report, type Rule } from './rule.ts'

const fanOutShape = jobRule('fan-out', (document, report) => {
  const { fanOut, scope, trigger } = document.value
  if (!fanOut) return
  if (scope !== 'client')
    report(
      placeOf(document, '/scope'),
      `with fanOut the rows tell the runs apart; the scope is "client" then`,
    )
  if (trigger.type === 'ftp-in')
    report(placeOf(document, '/trigger/type'), 'a posted file starts one run for all of it; leave fanOut out')
  tellNamed(document, fanOut, 'key', report)
  tellNamed(document, fanOut, 'callCenter', report)
})

/** A row's value that the manifest names must be one of its parameters; a call center is a text. */
function tellNamed(
  document: LoadedDocument<Job>,
  { parameters, ...fanOut }: FanOut,
  field: 'key' | 'callCenter',
  report: Report,
): void {
  const name = fanOut[field]
  if (name === undefined) return
  const at = placeOf(document, `/fanOut/${field}`)
  const names = parameters.map((parameter) => parameter.name)
  const found = parameters.find((parameter) => parameter.name === name)
  if (!found)
    report(
      at,
      `the rows have no ${quote(name)}${suggestWord(name, names) || `; allowed: ${listWords(names)}`}`,
    )
  else if (field === 'callCenter' && found.type !== 'text')
    report(at, `a call center is named by a text; ${quote(name)} is of type ${quote(found.type)}`)
}

// A period is a report's: the query that asks for the rows has none.
const knownToQuery = builtInParameters.filter((name) => !name.startsWith('period_'))

const fanOutQuery = jobRule('fan-out-query', (document, report) => {
  const { fanOut, trigger } = document.value
  if (!fanOut) return
  const at = placeOf(document, '/fanOut/query')
  const known = [...knownToQuery, ...parametersOf(trigger).map(({ name }) => name)]
  for (const used of usedParameters(fanOut.query)) {
    if (known.some((name) => name.toLowerCase() === used.toLowerCase())) continue
    report(at, `the query uses $${used}, which is none of ${listWords(known)}`)
  }
  const given = selectedColumns(fanOut.query)
  const names = fanOut.parameters.map(({ name }) => name)
  if (given && given.join() !== names.join())
    report(
      at,
      `the query gives the columns ${listWords(given, 'and')}; the parameters are ${listWords(names, 'and')}, in this order`,
    )
})

const recipientParameters = jobRule('recipient-parameter', (document, report) => {
  document.value.steps.forEach((step, index) => {
    if (step.type !== 'email') return
    for (const field of ['to', 'cc', 'bcc'] as const) {
      step[field]?.forEach((item, place) => {
        const name = recipientParameter(item)
        const fault = name === undefined ? undefined : faultOfRecipient(document.value, name)
        if (fault) report(placeOf(document, `/steps/${index}/${field}/${place}`), fault)
      })
    }
  })
})

function faultOfRecipient(job: Job, name: string): string | undefined {
  const found = runParametersOf(job).find((parameter) => parameter.name === name)
  if (!found) return unknownParameter(job, name)
  if (found.type === 'text') return undefined
  return `addresses are in a text; the parameter ${quote(name)} is of type ${quote(found.type)}`
}

export const fanOutRules: Rule[] = [fanOutShape, fanOutQuery, recipientParameters]
