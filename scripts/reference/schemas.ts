/** The schemas as they stand in their files, and where their references lead. */
import { readdir, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'

export interface SchemaNode {
  title?: string
  description?: string
  examples?: unknown[]
  properties?: Record<string, SchemaNode>
  additionalProperties?: SchemaNode | boolean
  required?: string[]
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  items?: SchemaNode
  oneOf?: SchemaNode[]
  $ref?: string
  [key: string]: unknown
}

/** A node with the file that its references are relative to. */
export interface Placed {
  file: string
  node: SchemaNode
}

export interface Schemas {
  open(file: string): Placed
  /** What a reference leads to, with what stands beside it on top; the node itself where it has none. */
  resolve(placed: Placed): Placed
}

/** Reads all schemas under a folder. */
export async function openSchemas(folder: string): Promise<Schemas> {
  const files = new Map<string, SchemaNode>()
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith('.json')) {
      files.set(name.replaceAll('\\', '/'), JSON.parse(await readFile(join(folder, name), 'utf8')))
    }
  }
  const open = (file: string): Placed => {
    const node = files.get(file)
    if (!node) throw new Error(`there is no schema ${file}`)
    return { file, node }
  }
  const resolve = ({ file, node }: Placed): Placed => {
    if (!node.$ref) return { file, node }
    const { $ref, ...beside } = node
    const [path = '', pointer = ''] = $ref.split('#')
    const home = open(path === '' ? file : posix.join(posix.dirname(file), path))
    let target: SchemaNode = home.node
    for (const key of pointer.split('/').filter(Boolean)) target = target[key] as SchemaNode
    const resolved = resolve({ file: home.file, node: target })
    return { file: resolved.file, node: { ...resolved.node, ...beside } }
  }
  return { open, resolve }
}
