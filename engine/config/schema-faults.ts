/** The validator's errors as sentences: one a fault, at its place, with what is allowed. */

import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Problem } from '../core/model.ts'
import { suggestMeant } from './other-words.ts'
import { type At, type LoadedDocument, placeInside, placeOf, pointerPart } from './places.ts'
import { listWords, quote } from './problems.ts'
import { describeType, describeValue, jsonType, nameTypes, repeatedEntries } from './schema-sentences.ts'
import type { Kind, SchemaNode, Schemas } from './schemas.ts'
import { describeSecret } from './secret-faults.ts'

/** More of one file would only hide the first ones. */
const maxFaults = 50

/** Texts of at most so many characters are all shape. */
const maxShort = 20

interface Fault {
  at: At
  message: string
  rule?: string
}

/** Turns the errors of one document into problems. */
export function describeFaults(
  errors: ErrorObject[],
  kind: Kind,
  document: LoadedDocument<unknown>,
  schemas: Schemas,
): Problem[] {
  const foreign = describeWrongKind(document, kind)
  const faults = foreign ? [foreign] : describe(errors, '', document, schemas)
  const seen = new Set<string>()
  return faults
    .filter(({ at, message }) => {
      const key = `${at.line}:${at.column}:${message}`
      return !seen.has(key) && seen.add(key)
    })
    .slice(0, maxFaults)
    .map(({ at, message, rule }) => ({
      ...at,
      rule: rule ?? 'schema',
      severity: 'error',
      message,
    }))
}

/** A document of another kind would give a fault for nearly every key: it is told once. */
function describeWrongKind(document: LoadedDocument<unknown>, kind: Kind): Fault | undefined {
  const value = document.value as { kind?: unknown } | null
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return {
      at: placeOf(document, ''),
      message: `the file holds ${describeType(value)}; a manifest is a mapping of keys`,
    }
  }
  if (value.kind === undefined || value.kind === kind) return undefined
  const message = `kind is ${quote(value.kind)}; a file in this place is a "${kind}"`
  return { at: placeOf(document, '/kind'), message }
}

/** `base` is the pointer to the value that the errors' paths begin from. Stops once there are more than are told. */
function describe(
  errors: ErrorObject[],
  base: string,
  document: LoadedDocument<unknown>,
  schemas: Schemas,
): Fault[] {
  const known = indexErrors(errors)
  const faults: Fault[] = []
  for (const error of errors) {
    if (faults.length > maxFaults) break
    if (isNoise(error, known)) continue
    const pointer = base + error.instancePath
    if (error.keyword === 'oneOf') faults.push(...describeChoice(error, pointer, document, schemas))
    else faults.push(describeOne(error, pointer, document, schemas))
  }
  return faults
}

/** What is asked of all errors for each of them: kept by path, since a hostile document has tens of thousands. */
interface KnownErrors {
  choices: Set<string>
  toldBesidePattern: Set<string>
  /** Where a text does not fit its pattern. */
  unfitting: Set<string>
  /** `<path> <key>` of every key that is missing. */
  missingTag: Set<string>
  unknownKeys: Map<string, string[]>
}

function indexErrors(errors: ErrorObject[]): KnownErrors {
  const known: KnownErrors = {
    choices: new Set(),
    toldBesidePattern: new Set(),
    unfitting: new Set(),
    missingTag: new Set(),
    unknownKeys: new Map(),
  }
  for (const error of errors) {
    const { keyword, instancePath, params } = error
    if (keyword === 'oneOf') known.choices.add(instancePath)
    if (keyword === 'pattern') known.unfitting.add(instancePath)
    else if (!isShortLimit(error)) known.toldBesidePattern.add(instancePath)
    if (keyword === 'required') known.missingTag.add(`${instancePath} ${params.missingProperty}`)
    if (keyword !== 'additionalProperties') continue
    const keys = known.unknownKeys.get(instancePath) ?? []
    known.unknownKeys.set(instancePath, keys)
    keys.push(String(params.additionalProperty))
  }
  return known
}

function isNoise(error: ErrorObject, known: KnownErrors): boolean {
  const { keyword, instancePath, params } = error
  if (isInsideChoice(error, known.choices)) return true
  // Of a duration or the like, "5 characters are allowed" would tell nobody how to write it.
  if (isShortLimit(error)) return known.unfitting.has(instancePath)
  // A text that is too short or too long fits its pattern no better.
  if (keyword === 'pattern') return known.toldBesidePattern.has(instancePath)
  // A key that is missing is there by another spelling, which is told already.
  if (keyword === 'required') {
    const unknown = known.unknownKeys.get(instancePath)?.slice(0, maxFaults) ?? []
    return unknown.some((key) => suggestMeant(key, [params.missingProperty]) !== '')
  }
  return keyword === 'discriminator' && known.missingTag.has(`${instancePath} ${params.tag}`)
}

function isShortLimit({ keyword, params }: ErrorObject): boolean {
  return keyword === 'maxLength' && params.limit <= maxShort
}

/** The errors of all branches of a choice are noise: the branch that was meant is checked by itself. */
function isInsideChoice({ keyword, instancePath }: ErrorObject, choices: Set<string>): boolean {
  if (choices.size === 0) return false
  if (keyword !== 'oneOf' && choices.has(instancePath)) return true
  for (let end = instancePath.lastIndexOf('/'); end >= 0; end = instancePath.lastIndexOf('/', end - 1)) {
    if (choices.has(instancePath.slice(0, end))) return true
    if (end === 0) break
  }
  return false
}

/** The faults of the branch that was most likely meant. */
function describeChoice(
  error: ErrorObject,
  pointer: string,
  document: LoadedDocument<unknown>,
  schemas: Schemas,
): Fault[] {
  const value = error.data
  const all = (error.parentSchema as SchemaNode).oneOf ?? []
  const fitting = all.filter((branch) => branch.type === jsonType(value))
  if (fitting.length === 0) {
    const types = nameTypes(all.map((branch) => String(branch.type)))
    return [{ at: placeOf(document, pointer), message: `must be ${types}, is ${describeType(value)}` }]
  }
  if (fitting.length === 1)
    return describe(schemas.validateBranch(fitting[0]!, value), pointer, document, schemas)

  const keys = Object.keys(value as object)
  const known = [...new Set(fitting.flatMap((branch) => Object.keys(branch.properties ?? {})))]
  const unknown = keys.filter((key) => !known.includes(key))
  if (unknown.length > 0) return unknown.map((key) => unknownKey(key, known, pointer, document))
  // The last required key of each branch is the one that tells it from the others.
  const marks = fitting.map((branch) => branch.required?.at(-1) ?? '')
  const chosen = fitting.filter((_, index) => keys.includes(marks[index]!))
  if (chosen.length === 1)
    return describe(schemas.validateBranch(chosen[0]!, value), pointer, document, schemas)
  const message =
    chosen.length === 0
      ? `needs one of ${listWords(marks)}`
      : `has ${listWords(
          marks.filter((mark) => keys.includes(mark)),
          'and',
        )}; exactly one is allowed`
  return [{ at: placeInside(document, pointer), message }]
}

function unknownKey(key: string, known: string[], pointer: string, document: LoadedDocument<unknown>): Fault {
  const hint = suggestMeant(key, known) || `; allowed: ${listWords(known)}`
  return {
    at: placeOf(document, pointer + pointerPart(key), 'key'),
    message: `unknown key ${quote(key)}${hint}`,
  }
}

function describeOne(
  error: ErrorObject,
  pointer: string,
  document: LoadedDocument<unknown>,
  schemas: Schemas,
): Fault {
  const { keyword, params, data } = error
  const schema = (error.parentSchema ?? {}) as SchemaNode
  const secret = describeSecret(error, pointer, document)
  if (secret) return secret
  if (keyword === 'additionalProperties') {
    const known = Object.keys(schema.properties ?? {})
    return unknownKey(params.additionalProperty, known, pointer, document)
  }
  if (keyword === 'required') {
    const key = String(params.missingProperty)
    const wanted = describeWanted(schema, key, schemas)
    return { at: placeInside(document, pointer), message: `the key "${key}" is missing${wanted}` }
  }
  if (keyword === 'discriminator') {
    const tag = String(params.tag)
    const allowed = tagsOf(schema, tag, schemas)
    const near = suggestMeant(String(params.tagValue), allowed)
    const own = near === '' && allowed.includes('custom') && typeof params.tagValue === 'string'
    if (params.tagValue === null) {
      return {
        at: placeOf(document, `${pointer}/${tag}`),
        message: `${tag} is empty; allowed: ${listWords(allowed)}`,
      }
    }
    const message = `unknown ${tag} ${quote(params.tagValue)}${near}${near ? ' Allowed' : '; allowed'}: ${listWords(allowed)}${
      own ? `; one of the operators' own is "custom" with uses: ${quote(params.tagValue)}` : ''
    }`
    return { at: placeOf(document, `${pointer}/${tag}`), message }
  }
  const entry = keyword === 'uniqueItems' ? pointerPart(repeatedEntries(params)[1] - 1) : ''
  return { at: placeOf(document, pointer + entry), message: describeValue(keyword, params, data, schema) }
}

function describeWanted(schema: SchemaNode, key: string, schemas: Schemas): string {
  const node = schema.properties?.[key]
  if (!node) {
    const tags = tagsOf(schema, key, schemas)
    return tags.length > 0 ? `; allowed: ${listWords(tags)}` : ''
  }
  const resolved = schemas.resolve(node)
  if (resolved.enum) return `; allowed: ${listWords(resolved.enum.map(String))}`
  if (resolved.const !== undefined) return `; it is ${quote(resolved.const)}`
  const meaning = (node.description ?? resolved.description)?.replace(/ ?Default: .*$/, '').replace(/\.$/, '')
  return meaning ? ` (${meaning})` : ''
}

function tagsOf(schema: SchemaNode, tag: string, schemas: Schemas): string[] {
  return (schema.oneOf ?? []).flatMap((branch) => {
    const node = schemas.resolve(branch).properties?.[tag]
    return (node?.enum ?? [node?.const]).map(String)
  })
}
