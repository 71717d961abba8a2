import type { Connection } from './manifest.ts'
import type { Snapshot } from './model.ts'

/** The connection of that name as compiled into the snapshot; one that a job names is always there. */
export function connectionOf(snapshot: Snapshot, name: string): Connection {
  const connection = snapshot.connections[name]
  if (!connection) throw new Error(`the snapshot of ${snapshot.job} lacks connection ${name}`)
  return connection
}
