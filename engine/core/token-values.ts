import { campaignOf } from './campaign.ts'
import type { Period, Run, Snapshot } from './model.ts'
import type { TokenValues } from './tokens.ts'

/** What file names and folders of a run may name. `report` is the report's own name, without its category. */
export function tokenValues(
  run: Run,
  snapshot: Snapshot,
  file: { ext: string; name?: string; report?: string; period: Period | null },
): TokenValues {
  return {
    client: run.client,
    callCenter: run.callCenter,
    job: snapshot.manifest.name,
    report: file.report?.split('/').at(-1) ?? null,
    campaign: campaignOf(run.event),
    period: file.period,
    parameters: run.parameters ?? {},
    slotMs: Date.parse(run.slot),
    timezone: snapshot.client.timezone,
    seq: null,
    runId: run.id,
    ext: file.ext,
    ...(file.name === undefined ? {} : { name: file.name }),
  }
}
