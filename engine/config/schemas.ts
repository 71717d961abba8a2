/** The JSON Schemas of the package, compiled once and only when first needed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Problem } from '../core/model.ts'
import { formats } from './formats.ts'
import { type LoadedDocument, placeOf, pointerPart } from './places.ts'
import { describeFaults } from './schema-faults.ts'

export type Kind =
  | 'Job'
  | 'Client'
  | 'ClientPolicy'
  | 'Connection'
  | 'Calendar'
  | 'Settings'
  | 'Report'
  | 'JobTest'
  | 'StepType'

const fileOfKind: Record<Kind, string> = {
  Job: 'job.json',
  Client: 'client.json',
  ClientPolicy: 'client-policy.json',
  Connection: 'connection.json',
  Calendar: 'calendar.json',
  Settings: 'settings.json',
  Report: 'report.json',
  JobTest: 'job-test.json',
  StepType: 'step-type.json',
}

/** A schema as it stands in its file. */
export interface SchemaNode {
  description?: string
  properties?: Record<string, SchemaNode>
  required?: string[]
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  oneOf?: SchemaNode[]
  $ref?: string
  [key: string]: unknown
}

export interface Schemas {
  validate(kind: Kind, value: unknown): ErrorObject[]
  /** The faults of a value against one branch of a `oneOf`, by the branch's own node. */
  validateBranch(branch: SchemaNode, value: unknown): ErrorObject[]
  /** The node that a reference leads to; the node itself where it has none. */
  resolve(node: SchemaNode): SchemaNode
}

let compiled: Schemas | undefined

/** What is wrong with a document's shape, one problem a fault, each at its place. Empty where it is a valid `kind`. */
export function checkSchema(kind: Kind, document: LoadedDocument<unknown>): Problem[] {
  compiled ??= readSchemas(join(import.meta.dirname, '../../schemas'))
  const long = describeLongList(document)
  if (long) return [long]
  const errors = compiled.validate(kind, document.value)
  return errors.length === 0 ? [] : describeFaults(errors, kind, document, compiled)
}

// Only a base for the relative references; nothing is ever fetched.
const base = 'https://jobsd.example/schemas/'

/** Reads every schema under a folder and prepares their compilation. */
function readSchemas(folder: string): Schemas {
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    // They are ours, and tests hold them to the meta-schema: at every start that would be half of the compilation.
    validateSchema: false,
    allowUnionTypes: true,
    discriminator: true,
    allErrors: true,
    // Tidier code would be no faster here, and tidying it is a third of the compilation.
    code: { optimize: false },
    verbose: true,
  })
  // What scripts/generate-step-traits.ts reads, and what messages say of a pattern; they check nothing.
  ajv.addVocabulary(['x-title', 'x-offersFiles', 'x-connectionTypes', 'x-allowed'])
  for (const [name, check] of Object.entries(formats)) ajv.addFormat(name, (text) => check(text) === null)
  const branches = new Map<SchemaNode, string>()
  const nodes = new Map<string, SchemaNode>()
  const homes = new Map<SchemaNode, string>()
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.json')) continue
    const schema = JSON.parse(readFileSync(join(folder, entry), 'utf8')) as SchemaNode
    // The entry for schema catalogs lies among the schemas and is none.
    if (schema.$schema === undefined) continue
    const id = base + entry.replaceAll('\\', '/')
    ajv.addSchema(schema, id)
    register(schema, id, '')
  }

  function register(node: SchemaNode, id: string, pointer: string): void {
    nodes.set(`${id}#${pointer}`, node)
    homes.set(node, id)
    if (node.oneOf) {
      node.oneOf.forEach((branch, index) => {
        branches.set(branch, `${id}#${pointer}/oneOf/${index}`)
      })
    }
    for (const [key, child] of Object.entries(node)) {
      if (child !== null && typeof child === 'object' && key !== 'examples') {
        register(child as SchemaNode, id, `${pointer}/${key}`)
      }
    }
  }

  // ajv resolves a reference anew each time.
  const validators = new Map<string, ValidateFunction>()

  function run(reference: string, value: unknown): ErrorObject[] {
    const validate = validators.get(reference) ?? (ajv.getSchema(reference) as ValidateFunction)
    validators.set(reference, validate)
    return validate(value) ? [] : [...(validate.errors ?? [])]
  }

  return {
    validate: (kind, value) => run(base + fileOfKind[kind], value),
    validateBranch: (branch, value) => run(branches.get(branch)!, value),
    resolve(node) {
      if (!node.$ref) return node
      const target = new URL(node.$ref, homes.get(node)).href
      return nodes.get(target.includes('#') ? target : `${target}#`) ?? node
    },
  }
}

/** No list of any schema may be longer. Told before the validator: it compares each entry with each other one. */
const maxEntries = 1000

function describeLongList(document: LoadedDocument<unknown>): Problem | undefined {
  const pointer = findLongList(document.value)
  if (pointer === undefined) return undefined
  const message = `the list is too long; at most ${maxEntries} entries are allowed in any list`
  return { ...placeOf(document, pointer), rule: 'schema', severity: 'error', message }
}

/** The pointer to the first list that is too long; built only on the way back, as there is hardly ever one. */
function findLongList(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    if (value.length > maxEntries) return ''
    // By index: a walk over an array's keys makes a text of each.
    for (let index = 0; index < value.length; index++) {
      const inner = findLongList(value[index])
      if (inner !== undefined) return pointerPart(index) + inner
    }
    return undefined
  }
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key]
    const inner = typeof child === 'object' ? findLongList(child) : undefined
    if (inner !== undefined) return pointerPart(key) + inner
  }
  return undefined
}
