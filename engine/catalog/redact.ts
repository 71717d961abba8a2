/** What may not leave: addresses are masked, connections are named only, errors become a sentence for customers. */
import type { Connection } from '../core/manifest.ts'

export { explainError } from '../core/explain-error.ts'

/** Masks all of an address but its first character and its domain: `j***@acme.example`. */
export function redactAddress(address: string): string {
  const at = address.lastIndexOf('@')
  if (at < 1) return '***'
  return `${Array.from(address)[0]}***${address.slice(at)}`
}

/** Names a connection by its title, or else its name; host, user, bucket and path stay inside. */
export function nameConnection(connections: Record<string, Connection>, name: string): string {
  return Object.hasOwn(connections, name) ? (connections[name]?.title ?? name) : name
}
