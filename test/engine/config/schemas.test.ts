import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { formats } from '../../../engine/config/formats.ts'
import { roleOf } from '../../../engine/config/layout.ts'

const folder = join(import.meta.dirname, '../../../schemas')
const base = 'https://jobsd.example/schemas/'

interface Node {
  $ref?: string
  description?: string
  examples?: unknown[]
  properties?: Record<string, Node>
  [key: string]: unknown
}

const all = new Map(
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => [
      name.replaceAll('\\', '/'),
      JSON.parse(readFileSync(join(folder, name), 'utf8')) as Node,
    ]),
)
const catalog = all.get('catalog-entry.json') as unknown as {
  schemas: { name: string; fileMatch: string[]; url: string }[]
}
const schemas = new Map([...all].filter(([name]) => name !== 'catalog-entry.json'))

function* nodesIn(file: string, node: unknown, pointer = ''): Generator<[pointer: string, node: Node]> {
  if (node === null || typeof node !== 'object') return
  if (!Array.isArray(node)) yield [`${file}#${pointer}`, node as Node]
  for (const [key, child] of Object.entries(node)) {
    if (key !== 'examples') yield* nodesIn(file, child, `${pointer}/${key}`)
  }
}

function targetOf(file: string, reference: string): Node | undefined {
  const [path = '', pointer = ''] = reference.split('#')
  let node: unknown = schemas.get(path === '' ? file : posix.join(posix.dirname(file), path))
  for (const key of pointer.split('/').filter(Boolean)) node = (node as Node | undefined)?.[key]
  return node as Node | undefined
}

t.test('every property says what it is and has an example that is allowed', async (t) => {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, discriminator: true })
  ajv.addVocabulary(['x-title', 'x-offersFiles', 'x-connectionTypes', 'x-allowed'])
  for (const [name, check] of Object.entries(formats)) ajv.addFormat(name, (text) => check(text) === null)
  for (const [file, schema] of schemas) ajv.addSchema(schema, base + file)
  let properties = 0
  for (const [file, schema] of schemas) {
    for (const [place, { properties: own = {} }] of nodesIn(file, schema)) {
      for (const [name, node] of Object.entries(own)) {
        properties++
        const target = node.$ref === undefined ? undefined : targetOf(file, node.$ref)
        const examples = node.examples ?? target?.examples ?? []
        if (!(node.description ?? target?.description))
          t.fail(`${place}/properties/${name} has no description`)
        if (examples.length === 0) t.fail(`${place}/properties/${name} has no example`)
        const validate = ajv.getSchema(`${base}${place}/properties/${name}`)
        for (const example of examples) {
          if (!validate?.(example)) {
            t.fail(
              `${place}/properties/${name}: ${JSON.stringify(example)} ${ajv.errorsText(validate?.errors)}`,
            )
          }
        }
      }
    }
  }
  t.ok(properties > 150, `${properties} properties`)
})

t.test(
  'editors find their way: titles, relative references that lead somewhere, no identity of their own',
  async (t) => {
    for (const [file, schema] of schemas) {
      t.type(schema.title, 'string', file)
      t.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema', file)
      for (const [place, node] of nodesIn(file, schema)) {
        if ('$id' in node && typeof node.$id === 'string') t.fail(`${place} has an $id`)
        if (typeof node.$ref !== 'string') continue
        if (!/^(#|\.\.?\/)/.test(node.$ref) || !targetOf(file, node.$ref))
          t.fail(`${place} refers to ${node.$ref}`)
      }
    }
  },
)

t.test('every list and every text has an end', async (t) => {
  for (const [file, schema] of schemas) {
    for (const [place, node] of nodesIn(file, schema)) {
      if (node.type === 'array' && node.maxItems === undefined) t.fail(`${place} has no maxItems`)
      if (node.type === 'string' && node.maxLength === undefined) t.fail(`${place} has no maxLength`)
      // Which keys there are is then said by each branch.
      const isChoice = node.oneOf !== undefined && node.discriminator !== undefined
      if (node.type === 'object' && node.properties && node.additionalProperties !== false && !isChoice) {
        t.fail(`${place} takes unknown keys`)
      }
    }
  }
})

t.test('the catalog entry gives each file the schema of its place', async (t) => {
  const kindsOf = (path: string) =>
    catalog.schemas
      .filter(({ fileMatch }) => {
        const matches = (pattern: string) => posix.matchesGlob(path, pattern)
        const refused = fileMatch
          .filter((pattern) => pattern.startsWith('!'))
          .map((pattern) => pattern.slice(1))
        return (
          fileMatch.some((pattern) => !pattern.startsWith('!') && matches(pattern)) && !refused.some(matches)
        )
      })
      .map(({ url }) => url.slice(base.length))
  const paths = [
    'jobs.d/acme/eod.yaml',
    'jobs.d/acme/eod.test.yaml',
    'jobs.d/acme/client.yaml',
    'jobs.d/platform/settings.yaml',
    'jobs.d/platform/connections/sftp.yaml',
    'jobs.d/platform/calendars/us-business.yaml',
    'jobs.d/platform/clients/acme.yaml',
    'templates/reports/call/call-detail/report.yaml',
  ]
  for (const path of paths) {
    const role = roleOf(path)
    if (!role || !('kind' in role)) return t.fail(path)
    const file = `${role.kind.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.json`
    t.same(kindsOf(path), [file], path)
    t.ok(schemas.has(file))
  }
  for (const path of [
    'jobs.d/platform/other.yaml',
    'jobs.d/acme/templates/mail/x/html.hbs',
    'docker-compose.yaml',
  ])
    t.same(kindsOf(path), [], path)
  t.equal(catalog.schemas.length, paths.length)
})
