/** What every query of a run is given: the run's parameters, its own facts, and the policy's limits. */
import { campaignOf } from '../core/campaign.ts'
import { parseSize } from '../core/duration.ts'
import { runParametersOf } from '../core/fan-out.ts'
import type { ReportLimits } from '../core/manifest.ts'
import type { Period, Run, Snapshot } from '../core/model.ts'
import { everyParameter } from '../core/parameters.ts'
import type { ReportRequest } from '../reports/run-report.ts'

type Values = ReportRequest['params']

/** Every parameter of the job by its name, typed; null where the run has none. */
export function queryParameters(run: Run, { manifest }: Snapshot): Values {
  const definitions = runParametersOf(manifest)
  const values = everyParameter(definitions, run.parameters)
  return Object.fromEntries(
    definitions.map(({ name, type }) => {
      const value = values[name] ?? null
      if (typeof value === 'string' && type === 'date') return [name, { date: value }]
      return [name, typeof value === 'string' && type === 'instant' ? { instant: value } : value]
    }),
  )
}

/** What is there by name without being asked for. `period` is the time that the query covers. */
export function builtInValues(run: Run, { client, policy }: Snapshot, period: Period | null): Values {
  return {
    period_start: period?.start ?? null,
    period_end: period?.end ?? null,
    campaign_id: campaignOf(run.event)?.id ?? null,
    client: policy.dataset?.client ?? client.name,
    slot: run.slot,
    timezone: client.timezone,
    day_cut_off: client.dayCutOff ?? '00:00',
  }
}

/** Those that the policy says; the others are the query's own. */
export function readLimits({
  maxFile,
  maxTemporary,
  memory,
}: ReportLimits = {}): NonNullable<ReportRequest['limits']> {
  return {
    ...(maxFile && { maxBytes: parseSize(maxFile) }),
    ...(maxTemporary && { maxTempBytes: parseSize(maxTemporary) }),
    // Whole megabytes, at least those that DuckDB itself needs.
    ...(memory && { memoryMb: Math.max(64, Math.floor(parseSize(memory) / 2 ** 20)) }),
  }
}
