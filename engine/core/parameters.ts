/** Values that a run is given by name: typed and checked in this one place, wherever they come from. */
import { DAY, isoDay } from './civil.ts'
import type { Parameter } from './manifest.ts'
import type { EventData, ParameterValue, Run, RunParameters, Trigger } from './model.ts'

/** All of them, or a sentence on each that is wrong. */
export type FilledParameters = { values: RunParameters } | { faults: string[] }

type Read = { value: ParameterValue } | { fault: string }

const defaultMaxLength = 500
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** What the runs of a job may be given; empty where its trigger takes nothing. */
export function parametersOf(trigger: Trigger): readonly Parameter[] {
  return 'parameters' in trigger ? (trigger.parameters ?? []) : []
}

/** Takes them from an event's data. */
export function readEventParameters(
  definitions: readonly Parameter[],
  event: EventData | null,
): FilledParameters {
  return fill(definitions, ({ name, field = name }) => lookUp(event, field))
}

/** Takes them from an earlier run of the job, whose parameters may have been others; new ones from its event. */
export function readKeptParameters(
  definitions: readonly Parameter[],
  { parameters, event }: Pick<Run, 'parameters' | 'event'>,
): FilledParameters {
  const kept = everyParameter(definitions, parameters)
  return fill(definitions, ({ name, field = name }) => kept[name] ?? lookUp(event, field))
}

/** Takes them from what somebody gave by name; a name that the job does not know is a fault. */
export function readGivenParameters(
  definitions: readonly Parameter[],
  given: Readonly<Record<string, unknown>>,
): FilledParameters {
  const filled = fill(definitions, ({ name }) => (Object.hasOwn(given, name) ? given[name] : undefined))
  const known = definitions.map(({ name }) => name)
  const unknown = Object.keys(given).filter((name) => !known.includes(name))
  if (unknown.length === 0) return filled
  const has = known.length === 0 ? 'the job has none' : `there are ${known.join(', ')}`
  const faults = unknown.map((name) => `there is no parameter ${show(name)}: ${has}`)
  return { faults: [...faults, ...('faults' in filled ? filled.faults : [])] }
}

/** Every parameter that the job knows, null where a run has no value for it: what templates and queries may name. */
export function everyParameter(
  definitions: readonly Parameter[],
  values: RunParameters | undefined,
): Record<string, ParameterValue | null> {
  return Object.fromEntries(
    definitions.map(({ name }) => [
      name,
      values && Object.hasOwn(values, name) ? (values[name] as ParameterValue) : null,
    ]),
  )
}

/** `region (text, required, one of east, west)` */
export function describeParameter(definition: Parameter): string {
  const { name, type, required, default: fallback, allowed, min, max } = definition
  const words = [
    type,
    ...(required ? ['required'] : []),
    ...(allowed ? [`one of ${allowed.join(', ')}`] : []),
    ...(min === undefined ? [] : [`from ${min}`]),
    ...(max === undefined ? [] : [`up to ${max}`]),
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
  ]
  return `${name} (${words.join(', ')})`
}

/** A value that the definition takes, for rehearsals. */
export function sampleParameter({ type, default: fallback, allowed, min, max, maxLength }: Parameter) {
  const bound = fallback ?? allowed?.[0] ?? min ?? max
  if (bound !== undefined) return bound
  if (type === 'text') return 'sample'.slice(0, maxLength)
  if (type === 'boolean') return true
  if (type === 'date') return '2026-01-05'
  return type === 'instant' ? '2026-01-05T12:00:00Z' : 1
}

/**
 * Reads one value as its definition says: a number, a boolean or a text that is one, as command lines and forms send
 * them; instants come out in UTC. The fault is a sentence that says what is there and what is allowed.
 */
export function readParameter(definition: Parameter, given: unknown): Read {
  const { name, allowed, min, max, maxLength = defaultMaxLength } = definition
  const wrong = (why: string): Read => ({ fault: `parameter ${name} is ${show(given)}, ${why}` })
  const value = convert(definition.type, given)
  if (value === undefined) return wrong(expected[definition.type])
  if (typeof value === 'string' && definition.type === 'text' && value.length > maxLength)
    return { fault: `parameter ${name} has ${value.length} characters; it may have ${maxLength}` }
  if (allowed && !allowed.some((one) => convert(definition.type, one) === value))
    return wrong(`which is none of ${allowed.map(show).join(', ')}`)
  if (min !== undefined && value < (convert(definition.type, min) ?? value))
    return wrong(`which is less than ${min}`)
  if (max !== undefined && value > (convert(definition.type, max) ?? value))
    return wrong(`which is more than ${max}`)
  return { value }
}

const expected: Record<Parameter['type'], string> = {
  text: 'which is no text of one line',
  integer: 'which is no whole number',
  number: 'which is no number',
  boolean: 'which is neither true nor false',
  date: 'which is no date such as 2026-11-22',
  instant: 'which is no instant such as 2026-11-22T18:30:00Z',
}

function fill(definitions: readonly Parameter[], find: (definition: Parameter) => unknown): FilledParameters {
  const values: RunParameters = {}
  const faults: string[] = []
  for (const definition of definitions) {
    const given = find(definition) ?? definition.default
    if (given === undefined) {
      if (definition.required) faults.push(`parameter ${describeParameter(definition)} is missing`)
      continue
    }
    const read = readParameter(definition, given)
    if ('fault' in read) faults.push(read.fault)
    else values[definition.name] = read.value
  }
  return faults.length > 0 ? { faults } : { values }
}

/** The same value always comes out the same, so that it can be compared; undefined for what is none of the type. */
function convert(type: Parameter['type'], given: unknown): ParameterValue | undefined {
  switch (type) {
    case 'text':
      return typeof given === 'string' && !/\p{Cc}/u.test(given) ? given : undefined
    case 'integer':
      return toNumber(given, /^-?\d{1,16}$/, Number.isSafeInteger)
    case 'number':
      return toNumber(given, /^-?\d{1,16}(\.\d{1,16})?$/, Number.isFinite)
    case 'boolean':
      if (given === true || given === 'true') return true
      return given === false || given === 'false' ? false : undefined
    case 'date':
      return typeof given === 'string' && isDay(given) ? given : undefined
    case 'instant':
      return toInstant(given)
  }
}

function toNumber(given: unknown, pattern: RegExp, isFit: (value: number) => boolean): number | undefined {
  const value = typeof given === 'string' && pattern.test(given) ? Number(given) : given
  // Not -0: it would be another value than 0 in a query and a file name.
  return typeof value === 'number' && isFit(value) ? value + 0 : undefined
}

/** A time without an offset would be read in the machine's zone: refused rather than guessed. */
function toInstant(given: unknown): string | undefined {
  if (typeof given !== 'string' || !instantPattern.test(given) || !isDay(given.slice(0, 10))) return undefined
  const ms = Date.parse(given)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

function isDay(text: string): boolean {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  // February 30 would be read as a day of March.
  return !Number.isNaN(ms) && isoDay(ms / DAY) === text
}

function lookUp(event: EventData | null, field: string): unknown {
  let found: unknown = event
  for (const name of field.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Record<string, unknown>)[name]
  }
  return found
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
