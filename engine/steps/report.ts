import { mkdtemp, rm } from 'node:fs/promises'
import { campaignOf, campaignTimes } from '../core/campaign.ts'
import type { StepContext, StepResult, StepType } from '../core/contracts/step.ts'
import { parseDuration } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import type { DatasetConnection } from '../core/manifest.ts'
import { mediaTypeOf } from '../core/media-type.ts'
import type { Period, Run, Snapshot, StepOf } from '../core/model.ts'
import { periodOf } from '../core/period.ts'
import { enumerateSlots } from '../core/slots.ts'
import { spellCount } from '../core/spell-count.ts'
import { toStorageError } from '../core/storage-error.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandTokens } from '../core/tokens.ts'
import type { ReportRequest } from '../reports/run-report.ts'

type RunReport = (request: ReportRequest, signal: AbortSignal) => Promise<{ rows: number }>
type ReportStep = StepOf<'report'>

/** Renders a report for the run's period and offers it as one file. `runReport` runs the query. */
export function createReportStep(runReport: RunReport): StepType<'report'> {
  return {
    type: 'report',
    title: 'Report',
    async run(step, context) {
      const { artifacts, signal } = context
      const period = reportPeriod(step, context.run, context.snapshot)
      const fileName = reportFileName(step, context, period)
      const outPath = await artifacts.scratch()
      // Beside the scratch file: the same disk, and cleared with it at the next start should this process be killed.
      const workFolder = await mkdtemp(`${outPath}.work-`).catch((error: unknown) => {
        throw toStorageError(error)
      })
      try {
        const request = { ...reportRequest(step, context, period), outPath, workFolder }
        const { rows } = await runReport(request, signal)
        if (rows === 0 && step.onEmpty !== 'send') return endEmpty(step)
        const artifact = await artifacts.adopt(outPath)
        const file = { ...artifact, fileName, mediaType: mediaTypeOf(fileName), rows, period, origin: null }
        return {
          ok: true,
          note: `${fileName}: ${spellCount(rows, 'row')}, ${spellCount(artifact.size, 'byte')}`,
          files: [file],
        }
      } finally {
        await rm(workFolder, { recursive: true, force: true })
        await rm(outPath, { force: true })
      }
    },
  }
}

function endEmpty(step: ReportStep): StepResult {
  if (step.onEmpty === 'fail') throw new JobsdError('REPORT_EMPTY', { report: step.report })
  return { ok: true, skip: true, note: `report ${step.report} has no rows` }
}

/** The period that the data covers; null for a campaign whose event does not say when it began. */
function reportPeriod(step: ReportStep, run: Run, snapshot: Snapshot): Period | null {
  const { client } = snapshot
  const dayCutOff = client.dayCutOff ?? '00:00'
  const slotMs = Date.parse(run.slot)
  if (step.period !== 'campaign') {
    const skippedDays = skippedDaysOf(run, snapshot)
    return periodOf(step.period, slotMs, client.timezone, dayCutOff, { skippedDays })
  }
  if (campaignOf(run.event) === null) {
    throw new JobsdError('PERIOD_UNKNOWN', { period: 'campaign', reason: 'its event names no campaign' })
  }
  const campaign = campaignTimes(run)
  return campaign && periodOf('campaign', slotMs, client.timezone, dayCutOff, { campaign })
}

/** The days off that a shifted slot covers besides its own: the run only keeps its moment, the schedule tells again. */
function skippedDaysOf(run: Run, snapshot: Snapshot): number {
  const schedule = snapshot.schedules.find(({ name }) => name === run.schedule)
  if (schedule === undefined) return 0
  const slotMs = Date.parse(run.slot)
  const slots = enumerateSlots(schedule, slotMs - 1, slotMs)
  return Math.max(0, ...slots.filter(({ outcome }) => outcome !== 'skipped').map((slot) => slot.skippedDays))
}

function reportFileName(step: ReportStep, { run, snapshot }: StepContext, period: Period | null): string {
  const { report, format, fileName: template } = step
  return expandTokens(template, tokenValues(run, snapshot, { ext: format, report, period }))
}

function reportRequest(
  step: ReportStep,
  { run, snapshot, connection }: StepContext,
  period: Period | null,
): Omit<ReportRequest, 'outPath' | 'workFolder'> {
  const definition = snapshot.reports[step.report]
  const { dataset } = snapshot.policy
  if (definition === undefined) throw reportFailed(step, 'the job was compiled without it')
  if (dataset === undefined) throw reportFailed(step, "the client's policy names no dataset")
  const client = dataset.client ?? snapshot.client.name
  return {
    definition,
    dataset: datasetConnection(step, connection(dataset.connection)),
    tenant: { client, callCenters: run.callCenter === null ? null : [run.callCenter] },
    params: {
      period_start: period?.start ?? null,
      period_end: period?.end ?? null,
      campaign_id: campaignOf(run.event)?.id ?? null,
      client,
      slot: run.slot,
    },
    timezone: snapshot.client.timezone,
    format: step.format,
    limits: { timeoutMs: parseDuration(step.timeout ?? '10m') },
  }
}

function datasetConnection(step: ReportStep, connection: { type: string }): DatasetConnection {
  if (connection.type !== 'dataset')
    throw reportFailed(step, `its data is on a connection of type ${connection.type}`)
  return connection as DatasetConnection
}

function reportFailed(step: ReportStep, reason: string): JobsdError {
  return new JobsdError('REPORT_FAILED', { report: step.report, reason })
}
