import { mkdtemp, rm } from 'node:fs/promises'
import { campaignOf, campaignTimes } from '../core/campaign.ts'
import type { StepContext, StepResult, StepType } from '../core/contracts/step.ts'
import { parseDuration } from '../core/duration.ts'
import { JobsdError } from '../core/errors.ts'
import type { DatasetConnection } from '../core/manifest.ts'
import { mediaTypeOf } from '../core/media-type.ts'
import type { Period, Run, Snapshot, StepOf } from '../core/model.ts'
import { periodOf } from '../core/period.ts'
import { periodText } from '../core/period-text.ts'
import { previousPeriod } from '../core/previous-period.ts'
import { fileExtension, layoutOf } from '../core/report-file.ts'
import { skippedDaysOf } from '../core/skipped-days.ts'
import { spellCount } from '../core/spell-count.ts'
import { toStorageError } from '../core/storage-error.ts'
import { tokenValues } from '../core/token-values.ts'
import { expandTokens } from '../core/tokens.ts'
import { outcomeMapOf } from '../reports/outcome-map.ts'
import type { Rendered, ReportRequest } from '../reports/run-report.ts'
import { builtInValues, queryParameters, readLimits } from './query-request.ts'

type RunReport = (request: ReportRequest, signal: AbortSignal) => Promise<Rendered>
type ReportStep = StepOf<'report'>

/** Renders a report for the run's period and offers it as one file. `runReport` runs the query. */
export function createReportStep(runReport: RunReport): StepType<'report'> {
  return {
    type: 'report',
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
        const database = context.endpoints.tables
        const request = { ...reportRequest(step, context, period), database, outPath, workFolder }
        const { rows, overview } = await runReport(request, signal)
        if (rows === 0 && step.onEmpty !== 'send') return endEmpty(step)
        const artifact = await artifacts.adopt(outPath)
        // Whatever went wrong: nobody who is to get rows is sent nothing.
        if (artifact.size === 0 && rows > 0)
          throw reportFailed(step, `its file is empty, though it has ${spellCount(rows, 'row')}`)
        const about = { fileName, mediaType: mediaTypeOf(fileName), rows, period, origin: null }
        const file = { ...artifact, ...about, ...(overview && { overview }) }
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

function reportFileName(step: ReportStep, { run, snapshot }: StepContext, period: Period | null): string {
  const { report, fileName: template } = step
  return expandTokens(template, tokenValues(run, snapshot, { ext: fileExtension(step), report, period }))
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
    params: { ...queryParameters(run, snapshot), ...builtInValues(run, snapshot, period) },
    timezone: snapshot.client.timezone,
    ...fileRequest(step, run, snapshot, period),
    ...(isMailed(step, snapshot) && { overview: { previous: comparedPeriod(step, snapshot, period) } }),
    limits: {
      timeoutMs: parseDuration(step.timeout ?? '10m'),
      ...readLimits(snapshot.policy.reportLimits),
    },
  }
}

function isMailed({ name }: ReportStep, { manifest }: Snapshot): boolean {
  return manifest.steps.some((step) => step.type === 'email' && [step.from ?? []].flat().includes(name))
}

/** The period before, which a mail compares its figures with. */
function comparedPeriod(
  step: ReportStep,
  { client }: Snapshot,
  period: Period | null,
): { label: string; start: string; end: string } | null {
  const before = period && previousPeriod(step.period, period, client.dayCutOff ?? '00:00')
  return before && { label: periodText(before, client.locale), start: before.start, end: before.end }
}

type FileRequest = Pick<ReportRequest, 'locale' | 'format' | 'gzip' | 'layout' | 'head' | 'outcomes'>

/** What the file is like and says of itself. */
function fileRequest(step: ReportStep, run: Run, snapshot: Snapshot, period: Period | null): FileRequest {
  const { client, manifest } = snapshot
  const layout = step.layout === undefined ? undefined : layoutOf(client, step.layout)
  if (step.layout !== undefined && layout === undefined)
    throw reportFailed(step, `the client has no layout ${step.layout}`)
  const outcomes = outcomeMapOf(client)
  const names = run.callCenter === null ? client.callCenters.map(({ name }) => name) : [run.callCenter]
  const titleOf = (name: string) => client.callCenters.find((other) => other.name === name)?.title ?? name
  return {
    format: step.format,
    gzip: step.gzip ?? false,
    ...(client.locale === undefined ? {} : { locale: client.locale }),
    ...(layout && { layout }),
    ...(outcomes && { outcomes }),
    head: {
      client: client.title,
      scope: manifest.scope,
      callCenters: names.map(titleOf),
      period,
      generatedAt: run.startedAt ?? run.createdAt,
      revision: run.revision,
    },
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
