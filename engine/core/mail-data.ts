import { type Campaign, campaignOf } from './campaign.ts'
import { runParametersOf } from './fan-out.ts'
import { type MailReport, mailReports } from './mail-report.ts'
import type { EventData, ParameterValue, Run, RunFile, Snapshot, StepRecord } from './model.ts'
import { everyParameter } from './parameters.ts'
import { periodLabels } from './period.ts'
import { periodText } from './period-text.ts'
import { type RunFacts, runFacts } from './run-facts.ts'
import { formatWithOffset } from './zone.ts'

/** What a mail's template may name: nothing else reaches it. Times are RFC 3339 with the client's offset. */
export interface MailData {
  job: { name: string; title: string }
  client: { name: string; title: string; timezone: string; locale: string }
  callCenter: { name: string; title: string } | null
  run: { id: string; startedAt: string }
  /** Of the first attached file that has one, else of the first offered one; `end` is the last local day, inclusive. */
  period: { label: string; start: string; end: string } | null
  slot: string
  /** `digest` is the beginning of the file's sha256. */
  files: { fileName: string; size: number; rows: number | null; digest: string }[]
  /** Of each attached report what a mail shows of it. */
  reports: MailReport[]
  event: EventData | null
  /** Of a campaign's event. */
  campaign: Campaign | null
  /** Every one that the job has; null where the run was not given it. */
  parameters: Record<string, ParameterValue | null>
  steps: RunFacts['steps']
}

/** Gathers the data for a run's mail, its attachments given. The same run so far gives the same data. */
export function mailData(
  run: Run,
  snapshot: Snapshot,
  attached: readonly RunFile[],
  history: readonly StepRecord[],
  offered: readonly RunFile[],
): MailData {
  const { client, manifest } = snapshot
  const period = [...attached, ...offered].find((file) => file.period !== null)?.period ?? null
  const labels = period === null ? null : periodLabels(period)
  const local = (instant: string) => formatWithOffset(client.timezone, Date.parse(instant))
  return {
    job: { name: manifest.name, title: manifest.title },
    client: {
      name: client.name,
      title: client.title,
      timezone: client.timezone,
      locale: client.locale ?? 'en',
    },
    callCenter:
      run.callCenter === null ? null : { name: run.callCenter, title: callCenterTitle(run, snapshot) },
    run: { id: run.id, startedAt: local(run.startedAt ?? run.createdAt) },
    period:
      period === null || labels === null
        ? null
        : { label: periodText(period, client.locale), start: labels.start, end: labels.lastDay },
    slot: local(run.slot),
    files: attached.map(({ fileName, size, rows, sha256 }) => ({
      ...{ fileName, size, rows },
      digest: sha256.slice(0, 12),
    })),
    reports: mailReports(attached),
    event: run.event,
    campaign: campaignOf(run.event),
    parameters: everyParameter(runParametersOf(manifest), run.parameters),
    steps: runFacts(run, history, offered, client.timezone).steps,
  }
}

function callCenterTitle(run: Run, snapshot: Snapshot): string {
  const found = snapshot.client.callCenters.find((callCenter) => callCenter.name === run.callCenter)
  return found?.title ?? run.callCenter ?? ''
}
