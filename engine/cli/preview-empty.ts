/** What a preview says of data that has nothing of the client. */
import type { FixtureRow } from '../config/fixtures.ts'
import type { DatasetConnection } from '../core/manifest.ts'
import type { Snapshot } from '../core/model.ts'

/** `CliParts.hasRows` without its signal. */
export type HasRows = (
  dataset: DatasetConnection,
  tenant: { client: string; callCenters: string[] | null },
  queries: string[],
) => Promise<boolean>

/** `no rows of client "acme" ...` where none of the runs can have a row in any period; else null. */
export async function explainEmpty(
  { client, manifest, policy, reports }: Snapshot,
  callCenter: string | undefined,
  dataset: DatasetConnection,
  hasRows: HasRows,
): Promise<string | null> {
  const tenant = policy.dataset?.client ?? client.name
  const centers = callCenter === undefined ? manifest.callCenters : [callCenter]
  const callCenters = manifest.scope === 'call-center' ? centers : null
  const queries = Object.values(reports).map(({ sql }) => sql)
  if (manifest.fanOut) queries.push(manifest.fanOut.query)
  if (await hasRows(dataset, { client: tenant, callCenters }, queries)) return null
  if (callCenters !== null && (await hasRows(dataset, { client: tenant, callCenters: null }, queries))) {
    const named = callCenters.map((name) => JSON.stringify(name)).join(' or ')
    return `no rows of call center ${named} of client "${tenant}" (call_center must be that name, letter by letter)`
  }
  return `no rows of client "${tenant}" (it may be named otherwise there: dataset.client in its policy)`
}

/** Whether rows that were read hold one of the tenant. */
export function hasOwnRow(
  tables: Record<string, FixtureRow[]>,
  { client, callCenters }: { client: string; callCenters: string[] | null },
): boolean {
  return Object.values(tables)
    .flat()
    .some(
      (row) =>
        row.client === client && (callCenters === null || callCenters.includes(String(row.call_center))),
    )
}
