/** One page of the reference: the properties of a kind, and of everything within it. */
import type { Placed, SchemaNode, Schemas } from './schemas.ts'
import { describeAllowed, isSecret, showValue, splitDescription } from './words.ts'

interface Section {
  heading: string
  /** From the document's root, as `steps[].retry`; empty for the root itself. */
  path: string
  placed: Placed
}

/** Longer examples are told by the sections of what is in them. */
const maxExample = 80

/** Renders the page of the schema in `file`; `place` is where such a document lies. */
export function renderPage(schemas: Schemas, file: string, place: string): string {
  const root = schemas.open(file)
  const blocks = [
    '<!-- Generated from schemas/ by `npm run generate`. Do not edit. -->',
    `# ${root.node.title}`,
    `${root.node.description} The file is \`${place}\`.`,
    'Properties with a * are required. A name is lower-case letters, digits and single dashes, at most 63.',
  ]
  const open: Section[] = [{ heading: '', path: '', placed: root }]
  const known = new Set<unknown>()
  for (let section = open.shift(); section; section = open.shift()) {
    if (section.heading) blocks.push(`## ${section.heading}`, section.placed.node.description ?? '')
    const { inner, table } = renderSection(schemas, section)
    blocks.push(table)
    // What several properties share, such as `retry`, has one section.
    const fresh = inner.filter(({ placed }) => !known.has(contentOf(placed.node)))
    for (const { placed } of fresh) known.add(contentOf(placed.node))
    open.unshift(...fresh)
  }
  return `${blocks.filter(Boolean).join('\n\n')}\n`
}

/** What is the same for every reference to a node. */
function contentOf({ properties, oneOf }: SchemaNode): unknown {
  return properties ?? oneOf
}

function renderSection(
  schemas: Schemas,
  { path, placed: { file, node } }: Section,
): { inner: Section[]; table: string } {
  if (node.oneOf) {
    const branches = node.oneOf.map((branch) => schemas.resolve({ file, node: branch }))
    const inner = branches.map((placed) => ({ heading: nameBranch(path, placed.node), path, placed }))
    return { inner, table: '' }
  }
  const inner: Section[] = []
  const rows = Object.entries(node.properties ?? {}).map(([name, property]) => {
    const placed = { file, node: property }
    const nested = nestedIn(schemas, placed)
    if (nested) {
      const own = `${path}${path && '.'}${name}${nested.isList ? '[]' : ''}`
      inner.push({ heading: `\`${own}\``, path: own, placed: nested.placed })
    }
    return renderRow(schemas, placed, node.required?.includes(name) ? `\`${name}\` *` : `\`${name}\``)
  })
  const head = ['| property | what | allowed | default | example |', '|---|---|---|---|---|']
  return { inner, table: rows.length === 0 ? '' : [...head, ...rows].join('\n') }
}

/** `steps[]` of type `email`, or a branch by the property that tells it from the others. */
function nameBranch(path: string, { properties, required = [], title = '' }: SchemaNode): string {
  const type = properties?.type?.const
  if (typeof type !== 'string') return `\`${path}\` with \`${required.at(-1) ?? title}\``
  const purpose = properties?.purpose?.const
  const told = typeof purpose === 'string' ? `${type}, purpose: ${purpose}` : type
  return path === '' ? `\`type: ${told}\`` : `\`${path}\` of type \`${told}\``
}

function renderRow(schemas: Schemas, placed: Placed, name: string): string {
  const { node } = schemas.resolve(placed)
  const { what, byDefault } = splitDescription(node)
  const [example] = node.examples ?? []
  const text = example === undefined ? '' : showValue(example)
  const shown = text === '' || text.length > maxExample ? '' : `\`${text}\``
  const cells = [name, escapeMarkdown(what), describeAllowed(schemas, placed), byDefault, shown]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

/** Leaves what is between backticks as it is. */
function escapeMarkdown(text: string): string {
  return text.replace(/`[^`]*`|[<*_]/g, (part) => (part.length > 1 ? part : `\\${part}`))
}

/** The mapping within a property, or within the entries of its list, that has properties of its own. */
function nestedIn(schemas: Schemas, property: Placed): { placed: Placed; isList: boolean } | undefined {
  const placed = schemas.resolve(property)
  const { file, node } = placed
  if (node.type === 'array' && node.items) {
    const found = nestedIn(schemas, { file, node: node.items })
    return found && { placed: found.placed, isList: true }
  }
  if (typeof node.additionalProperties === 'object') {
    return nestedIn(schemas, { file, node: node.additionalProperties })
  }
  const branches = (node.oneOf ?? []).map((branch) => schemas.resolve({ file, node: branch }).node)
  const hasOwn = node.properties !== undefined || branches.some((branch) => branch.properties !== undefined)
  return hasOwn && !isSecret(node) ? { placed, isList: false } : undefined
}
