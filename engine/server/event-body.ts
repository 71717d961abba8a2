/** A CloudEvent in structured mode, read as the hostile input it is. */
import type { EventData } from '../core/model.ts'

export interface CloudEvent {
  id: string
  source: string
  type: string
  data: EventData
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const maxTextLength = 500
const maxFields = 100
const maxDepth = 4

/** Returns the event, or a sentence on what is wrong with the body. */
export function readCloudEvent(body: Buffer): CloudEvent | string {
  let value: unknown
  try {
    value = JSON.parse(utf8.decode(body))
  } catch {
    return 'the body is not JSON in UTF-8'
  }
  if (!isObject(value)) return 'the body is not a JSON object'
  if (value.specversion !== '1.0') return 'specversion is not "1.0"'
  const { id, source, type } = value
  if (!isPlainText(id)) return 'id is not a text of 1 to 500 characters'
  if (!isPlainText(source)) return 'source is not a text of 1 to 500 characters'
  if (!isPlainText(type)) return 'type is not a text of 1 to 500 characters'
  // A binary body would be lost silently; other attributes are the sender's own and say nothing here.
  if (value.data_base64 !== undefined) return 'data_base64 is not taken: data is a JSON object'
  const { datacontenttype = 'application/json' } = value
  if (typeof datacontenttype !== 'string' || !/^application\/([a-z.-]+\+)?json\b/i.test(datacontenttype))
    return 'datacontenttype is not application/json'
  const data = value.data ?? {}
  if (!isObject(data)) return 'data is not an object'
  const problem = checkData(data, 1, { fields: 0 })
  return problem ?? { id, source, type, data: data as EventData }
}

/** Only texts, numbers, booleans and objects of these, so that nothing surprises a template or a query later. */
function checkData(
  data: Record<string, unknown>,
  depth: number,
  seen: { fields: number },
): string | undefined {
  if (depth > maxDepth) return `data is deeper than ${maxDepth} levels`
  for (const [name, value] of Object.entries(data)) {
    seen.fields += 1
    if (seen.fields > maxFields) return `data has more than ${maxFields} fields`
    if (!/^[A-Za-z][A-Za-z0-9]{0,62}$/.test(name) || name === 'constructor' || name === 'prototype') {
      return 'data has a field whose name is not letters and digits'
    }
    if (isObject(value)) {
      const problem = checkData(value, depth + 1, seen)
      if (problem) return problem
    } else if (typeof value === 'string') {
      if (value.includes('\0')) return `data.${name} has a NUL character`
      if (value.length > maxTextLength) return `data.${name} is longer than ${maxTextLength} characters`
    } else if (typeof value !== 'boolean' && !(typeof value === 'number' && Number.isFinite(value))) {
      return `data.${name} is not a text, a number, a boolean or an object`
    }
  }
  return undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPlainText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 500 && !/\p{Cc}/u.test(value)
}
