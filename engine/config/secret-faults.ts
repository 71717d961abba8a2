/** Faults at places where a secret may have been written: neither their message nor their frame repeats the value. */
import type { ErrorObject } from 'ajv/dist/2020.js'
import { type At, type LoadedDocument, placeOf, pointerPart, valueAt } from './places.ts'
import { quote } from './problems.ts'
import type { SchemaNode } from './schemas.ts'

/** The rule whose problems are shown without code. */
const rule = 'secret-value'
const named = 'a secret is named, never written: { secret: its-name }'
const elsewhere = 'a job has no secrets: they stand in connections, by name'

/** The fault where an error is about something that may be a secret; undefined for all others. */
export function describeSecret(
  { keyword, params, data, parentSchema }: ErrorObject,
  pointer: string,
  document: LoadedDocument<unknown>,
): { at: At; message: string; rule: string } | undefined {
  const schema = (parentSchema ?? {}) as SchemaNode
  const wanted = Object(document.value).kind === 'Job' ? elsewhere : named
  const fault = (message: string, at = placeOf(document, pointer)) => ({ at, message, rule })
  if (schema.properties?.secret) return fault(named)
  if (pointer.endsWith('/secret')) {
    return fault('this is no name of a secret: lower-case letters, digits and single dashes')
  }
  if (typeof data === 'string' && /^[a-z0-9+.-]+:\/\/[^/]*@/i.test(data)) {
    return fault('this address has a user or a password in it; they have keys of their own, by name')
  }
  if (typeof data === 'string' && data.includes('PRIVATE KEY')) {
    return fault(`a private key stands here; ${wanted}`)
  }
  if (keyword === 'additionalProperties') {
    const key = String(params.additionalProperty)
    const inner = pointer + pointerPart(key)
    const isText = ['string', 'number'].includes(typeof valueAt(document.value, inner))
    if (isText && /passw|secret|token|credential|(private|access|api).?key/i.test(key)) {
      return fault(`unknown key ${quote(key)}; ${wanted}`, placeOf(document, inner, 'key'))
    }
  }
  return undefined
}
