/** From what a fan-out's query gave to rows that can be worked on. Pure. */
import type { FanOutRow } from './contracts/fan-out.ts'
import { JobsdError } from './errors.ts'
import { sanitizePart } from './file-name.ts'
import type { FanOut, Parameter } from './manifest.ts'
import type { JobId, RunParameters } from './model.ts'
import { readGivenParameters, readParameter } from './parameters.ts'

export const defaultMaxRows = 1000
/** In bytes of UTF-8: a file name has to have room for it. */
const maxKeyBytes = 100

/**
 * Reads what came as JSON by column. A row whose values do not fit its parameters, or whose call center is none of the
 * client's, has a fault. Throws FAN_OUT_FAILED where the rows cannot be told apart, so that nobody is given anything:
 * a row without a key, two with one that gives the same file name, more rows than `maxRows`.
 */
export function readRows(
  job: JobId,
  fanOut: FanOut,
  callCenters: readonly string[],
  rows: readonly Record<string, unknown>[],
): FanOutRow[] {
  const { maxRows = defaultMaxRows } = fanOut
  if (rows.length > maxRows)
    throw failed(job, `the query gave ${rows.length} rows, maxRows allows ${maxRows}`)
  const keys = new Map<string, string>()
  return rows.map((row, index) => {
    const key = readKey(job, fanOut, row, index)
    const name = sanitizePart(key)
    const other = keys.get(name)
    if (other !== undefined) throw failed(job, tellTwice(fanOut.key, key, other))
    keys.set(name, key)
    return { key, ...readValues(fanOut, callCenters, row) }
  })
}

/** By its type alone: one that is not allowed is still a key, and that row's fault. */
function readKey(job: JobId, { key: name, parameters }: FanOut, row: Record<string, unknown>, index: number) {
  const definition = parameters.find((each) => each.name === name)
  if (!definition) throw failed(job, `there is no parameter ${name}`)
  const given = row[name] ?? null
  const which = `row ${index + 1}`
  if (given === null || given === '') throw failed(job, `${which} has no ${name}, its key`)
  const read = readParameter({ name, type: definition.type }, given)
  if ('fault' in read) throw failed(job, `${which}: ${read.fault}`)
  const key = String(read.value)
  const size = new TextEncoder().encode(key).length
  if (size > maxKeyBytes) throw failed(job, `${which} has a key of ${size} bytes; it may have ${maxKeyBytes}`)
  if (sanitizePart(key) === '') throw failed(job, `${which} has a key that no file can be named by`)
  return key
}

function tellTwice(name: string, key: string, other: string): string {
  if (key === other) return `two rows have the ${name} ${JSON.stringify(key)}`
  return `two rows have a ${name} that gives the same file name: ${JSON.stringify(other)} and ${JSON.stringify(key)}`
}

function readValues(
  { parameters: definitions, callCenter: named }: FanOut,
  callCenters: readonly string[],
  row: Record<string, unknown>,
): Omit<FanOutRow, 'key'> {
  const faults: string[] = []
  const parameters: RunParameters = {}
  for (const definition of definitions) {
    const read = readColumn(definition, row[definition.name] ?? null)
    if ('faults' in read) faults.push(...read.faults)
    else Object.assign(parameters, read.values)
  }
  const value = named === undefined ? undefined : parameters[named]
  // Without one the run would see the rows of all of them.
  const isMissing = named !== undefined && value === undefined && faults.length === 0
  if (isMissing) faults.push(`the row has no ${named}, its call center`)
  const isKnown = value === undefined || callCenters.includes(String(value))
  if (!isKnown)
    faults.push(
      `parameter ${named} is ${JSON.stringify(value)}, which is no call center of the client: it has ${callCenters.join(', ')}`,
    )
  return {
    parameters,
    callCenter: value === undefined || !isKnown ? null : String(value),
    fault: faults.length > 0 ? faults.join('; ') : null,
  }
}

/** No value is the default, or where there is none, nothing. */
function readColumn(definition: Parameter, value: unknown) {
  return readGivenParameters([definition], value === null ? {} : { [definition.name]: value })
}

function failed(job: JobId, reason: string): JobsdError {
  return new JobsdError('FAN_OUT_FAILED', { job, reason })
}
