/** A condition's test as a sentence. */
import type { CallCenter } from '../core/manifest.ts'
import type { StepOf } from '../core/model.ts'
import { joinWords } from './plain-words.ts'

type Test = StepOf<'condition'>['when']

/** Describes what must hold: `Call center is Dallas or Tampa`. */
export function describeTest(test: Test, callCenters: readonly CallCenter[]): string {
  if ('all' in test) return joinTests(test.all, 'and', callCenters)
  if ('any' in test) return joinTests(test.any, 'or', callCenters)
  if ('not' in test) return `not (${describeTest(test.not, callCenters)})`
  const subject = describeValue(test.value)
  const spell = (operand: string | number | boolean) => spellOperand(test.value, operand, callCenters)
  if ('equals' in test) return `${subject} is ${spell(test.equals)}`
  if ('in' in test) return `${subject} is ${joinWords(test.in.map(spell), 'or')}`
  if ('matches' in test) return `${subject} matches ${test.matches}`
  if ('greaterThan' in test) return `${subject} is more than ${spell(test.greaterThan)}`
  return `${subject} is less than ${spell(test.lessThan)}`
}

function joinTests(tests: Test[], word: 'and' | 'or', callCenters: readonly CallCenter[]): string {
  const parts = tests.map((test) => {
    const words = describeTest(test, callCenters)
    return tests.length > 1 && ('all' in test || 'any' in test) ? `(${words})` : words
  })
  return parts.join(` ${word} `)
}

const values: Record<string, string> = {
  'run.callCenter': 'Call center',
  'run.client': 'Client',
  'run.weekday': 'Weekday',
  'file.name': 'File name',
  'file.size': 'File size in bytes',
}

const weekdays: Record<string, string> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
}

function describeValue(value: string): string {
  const known = values[value]
  if (known !== undefined) return known
  const ofStep = /^steps\.([^.]+)\.(rows|size|ok)$/.exec(value)
  if (ofStep === null)
    return value.replace(/^event\./, 'Event field ').replace(/^run\.parameters\./, 'Parameter ')
  const [, step, field] = ofStep
  return { rows: `Rows of ${step}`, size: `Size of ${step} in bytes`, ok: `Success of ${step}` }[
    field as 'rows' | 'size' | 'ok'
  ]
}

function spellOperand(
  value: string,
  operand: string | number | boolean,
  callCenters: readonly CallCenter[],
): string {
  if (value === 'run.callCenter') {
    return callCenters.find(({ name }) => name === operand)?.title ?? String(operand)
  }
  if (value === 'run.weekday') return weekdays[String(operand)] ?? String(operand)
  if (typeof operand === 'boolean') return operand ? 'yes' : 'no'
  return typeof operand === 'number' ? operand.toLocaleString('en-US') : operand
}
