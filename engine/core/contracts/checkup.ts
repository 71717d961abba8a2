/** What a look at one live connection found. */
import type { Connection } from '../manifest.ts'

export interface Finding {
  /** A problem would make a run fail; a warning may be meant. */
  level: 'ok' | 'warning' | 'problem'
  /** One sentence without a secret in it; may hold a server's own words. */
  text: string
}

export interface CheckupRequest {
  connection: Connection
  /** Also write a file of a name that begins with `.jobsd-doctor`, read it back and delete it. */
  write: boolean
  /** For a dataset: the values of `client` that policies name. */
  tenants: string[]
  /** For a dataset: the SQL of the reports that jobs make of it. */
  queries: string[]
}

/** Tries a connection. What it throws is a bug; whatever is wrong with the connection is a finding. */
export type Checkup = (request: CheckupRequest, signal: AbortSignal) => Promise<Finding[]>
