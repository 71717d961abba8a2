/** Which columns queries need: copying a table's others can take most of a report's time. */
import { openDatabase } from './open-database.ts'

interface Node {
  type?: string
  class?: string
  alias?: string
  table_name?: string
  ref_type?: string
  column_names?: string[]
  using_columns?: string[]
  column_name_alias?: string[]
}

/**
 * The names of columns in queries that parse, in lower case, of whichever table; null where a query can see a column
 * without its name, by a star, a position, a natural join or a whole row.
 */
export async function namedColumns(queries: string[]): Promise<ReadonlySet<string> | null> {
  const { connection, close } = await openDatabase(':memory:', {})
  try {
    const nodes: Node[] = []
    for (const sql of queries) {
      const result = await connection.run('SELECT json_serialize_sql(CAST($1 AS VARCHAR))', [sql])
      const tree = JSON.parse(String((await result.getRows())[0]?.[0])) as { error: boolean }
      // What is not one SELECT has no tree; PIVOT is none.
      if (tree.error) return null
      nodes.push(...listNodes(tree))
    }
    return nodes.some((node) => isBlind(node)) ? null : collectNames(nodes)
  } finally {
    close()
  }
}

function collectNames(nodes: Node[]): ReadonlySet<string> | null {
  const sources = nodes.filter(({ type }) => type === 'BASE_TABLE')
  const rows = new Set(sources.map(({ alias, table_name }) => lower(alias || table_name)))
  const names = new Set<string>()
  for (const { class: kind, column_names: path = [], using_columns: joined = [] } of nodes) {
    // A table's own name stands for its whole row.
    if (kind === 'COLUMN_REF' && path.length === 1 && rows.has(lower(path[0]))) return null
    for (const name of [...path, ...joined]) names.add(lower(name))
  }
  return names
}

function isBlind(node: Node): boolean {
  return (
    node.class === 'STAR' ||
    node.class === 'POSITIONAL_REFERENCE' ||
    node.type === 'PIVOT' ||
    node.ref_type === 'NATURAL' ||
    (node.type === 'BASE_TABLE' && (node.column_name_alias ?? []).length > 0)
  )
}

function lower(text: string | undefined): string {
  return (text ?? '').toLowerCase()
}

function* listNodes(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as Node
  for (const child of Object.values(value)) yield* listNodes(child)
}
