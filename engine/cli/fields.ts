/** Fields of an event as they are given on a command line. */
import { InvalidArgumentError } from 'commander'
import { JobsdError } from '../core/errors.ts'
import type { EventData, ParameterValue } from '../core/model.ts'

/** `a.b=c` into `{ a: { b: 'c' } }`, added to what was collected. */
export function collectField(text: string, data: EventData): EventData {
  const [path = '', ...rest] = text.split('=')
  if (rest.length === 0 || !/^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*$/.test(path)) {
    throw new InvalidArgumentError('It is not name=value.')
  }
  const names = path.split('.')
  const last = names.pop() as string
  let place = data
  for (const name of names) {
    const inner = Object.hasOwn(place, name) ? place[name] : undefined
    const next: EventData = typeof inner === 'object' ? inner : {}
    place[name] = next
    place = next
  }
  place[last] = rest.join('=')
  return data
}

/** `region=east`, added to what was collected; the same name a second time is refused. */
export function collectParameter(
  text: string,
  values: Record<string, ParameterValue> = {},
): Record<string, ParameterValue> {
  const [name = '', ...rest] = text.split('=')
  if (rest.length === 0 || !/^[A-Za-z][A-Za-z0-9]*$/.test(name))
    throw new InvalidArgumentError('It is not name=value.')
  if (Object.hasOwn(values, name)) throw new InvalidArgumentError(`${name} is given twice.`)
  return { ...values, [name]: rest.join('=') }
}

/** An event's data from a file's text. Throws BAD_REQUEST where it is no JSON object. */
export function parseFields(text: string, path: string): EventData {
  const fail = (why: string) => new JobsdError('BAD_REQUEST', { reason: `${path} ${why}` })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw fail(`is not JSON: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fail('holds no JSON object')
  return value as EventData
}

/** Fields over those of a file, also within its objects. */
export function mergeFields(under: EventData, over: EventData): EventData {
  const merged = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name]
    merged[name] = typeof value === 'object' && typeof below === 'object' ? mergeFields(below, value) : value
  }
  return merged
}
