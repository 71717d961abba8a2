/** What the servers saw: each file that came to its final name, with its content at that moment, and what must never be. */
import { createHash } from 'node:crypto'

export type Target = 'sftp' | 's3' | 'folder'

/** A file that got its final name on a server. */
export interface Publish {
  target: Target
  /** `<user or bucket>/<path>` */
  path: string
  sha256: string
  size: number
}

export interface ServerRecord {
  publishes: Publish[]
  /** Sentences about what no server should ever see. */
  faults: string[]
}

export function createRecord(): ServerRecord {
  return { publishes: [], faults: [] }
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Names under which a file is not yet offered to anybody. */
export function isTemporary(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name.startsWith('.') || name.endsWith('.part')
}
