/** Asks for the rows of a job's `fanOut`: its query runs as a report's does, and what it gives is read here. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { FanOut } from '../core/contracts/fan-out.ts'
import type { StepContext } from '../core/contracts/step.ts'
import { JobsdError } from '../core/errors.ts'
import { fanOutStep } from '../core/fan-out.ts'
import { defaultMaxRows, readRows } from '../core/fan-out-rows.ts'
import type { Column, FanOut as FanOutManifest, Parameter } from '../core/manifest.ts'
import type { ReportDefinition, Run } from '../core/model.ts'
import { spellCount } from '../core/spell-count.ts'
import { toStorageError } from '../core/storage-error.ts'
import { outcomeMapOf } from '../reports/outcome-map.ts'
import type { Rendered, ReportRequest } from '../reports/run-report.ts'
import { builtInValues, queryParameters, readLimits } from './query-request.ts'

type RunReport = (request: ReportRequest, signal: AbortSignal) => Promise<Rendered>

const timeoutMs = 600_000
/** Of the rows as JSON: ten thousand of a kilobyte and a half. */
const maxBytes = 16 * 2 ** 20

/** `runReport` runs the query on the client's rows. */
export function createFanOut(runReport: RunReport): FanOut {
  return async (context) => {
    const { run, snapshot, artifacts, signal } = context
    const { fanOut, name } = snapshot.manifest
    if (!fanOut) throw new Error(`${snapshot.job} has no fanOut`)
    const outPath = await artifacts.scratch()
    // Beside the scratch file: the same disk, and cleared with it at the next start should this process be killed.
    const workFolder = await mkdtemp(`${outPath}.work-`).catch((error: unknown) => {
      throw toStorageError(error)
    })
    try {
      const definition = defineQuery(name, snapshot.manifest.title, fanOut)
      const database = context.endpoints.tables
      const request = { ...queryRequest(context, definition), database, outPath, workFolder }
      const { rows: count } = await runReport(request, signal).catch((error: unknown) => {
        throw explainFailure(error, run.job)
      })
      const { maxRows = defaultMaxRows } = fanOut
      // Told without reading them.
      if (count > maxRows) throw failed(run.job, `the query gave ${count} rows, maxRows allows ${maxRows}`)
      if (count === 0 && fanOut.onEmpty === 'fail')
        throw failed(run.job, 'the query has no rows and onEmpty is fail')
      if (count === 0) return { ok: true, skip: true, note: 'the query has no rows', rows: [] }
      const given = JSON.parse(await readFile(outPath, 'utf8')) as Record<string, unknown>[]
      const callCenters = snapshot.client.callCenters.map((callCenter) => callCenter.name)
      const rows = readRows(run.job, fanOut, callCenters, given)
      refuseHeavyEvent(run, rows.length)
      const refused = rows.filter(({ fault }) => fault !== null).length
      const not = refused > 0 ? `, ${refused} of them with values that do not fit` : ''
      return { ok: true, note: `${spellCount(rows.length, 'row')}, a run for each${not}`, rows }
    } finally {
      await rm(workFolder, { recursive: true, force: true })
      await rm(outPath, { force: true })
    }
  }
}

/** Each row's run holds the event of the run that asked: together no more than the rows themselves may have. */
function refuseHeavyEvent({ event, job }: Run, rows: number): void {
  const bytes = event === null ? 0 : Buffer.byteLength(JSON.stringify(event))
  if (bytes * rows <= maxBytes) return
  throw failed(job, `its event has ${bytes} bytes, too many for ${rows} rows, which would each hold it`)
}

const columnTypes: Record<Parameter['type'], Column['type']> = {
  text: 'text',
  integer: 'integer',
  number: 'number',
  boolean: 'boolean',
  date: 'date',
  instant: 'timestamp',
}

/** As a report: its columns are the parameters, so that the query is held to them. */
function defineQuery(job: string, title: string, { query, parameters }: FanOutManifest): ReportDefinition {
  return {
    apiVersion: 'jobsd/v1',
    kind: 'Report',
    name: job,
    title,
    category: 'call',
    columns: parameters.map(({ name, type }) => ({
      name,
      title: name,
      type: columnTypes[type],
      ...(type === 'number' && { decimals: 6 }),
    })),
    sql: query,
  }
}

function queryRequest(
  { run, snapshot, connection }: StepContext,
  definition: ReportDefinition,
): Omit<ReportRequest, 'outPath' | 'workFolder'> {
  const { client, policy } = snapshot
  if (policy.dataset === undefined) throw failed(run.job, "the client's policy names no dataset")
  const dataset = connection(policy.dataset.connection)
  if (dataset.type !== 'dataset')
    throw failed(run.job, `the client's data is on a connection of type ${dataset.type}`)
  const outcomes = outcomeMapOf(client)
  return {
    definition,
    dataset,
    tenant: { client: policy.dataset.client ?? client.name, callCenters: null },
    params: { ...queryParameters(run, snapshot), ...builtInValues(run, snapshot, null) },
    // Instants are read back: at no zone's offset there is nothing to be lost.
    timezone: 'UTC',
    format: 'json',
    ...(outcomes && { outcomes }),
    limits: { timeoutMs, ...readLimits(policy.reportLimits), maxBytes },
  }
}

/** The query is none of the job's reports. */
function explainFailure(error: unknown, job: string): unknown {
  if (!(error instanceof JobsdError)) return error
  const { code, details } = error
  if (code === 'REPORT_DRIFT')
    return failed(job, `the query gave the columns ${details.found}, the parameters are ${details.expected}`)
  if (code === 'REPORT_FAILED') return failed(job, String(details.reason), error)
  if (code === 'STEP_TIMEOUT')
    return new JobsdError(code, { step: fanOutStep.name, timeoutMs: details.timeoutMs ?? timeoutMs })
  return error
}

function failed(job: string, reason: string, cause?: unknown): JobsdError {
  return new JobsdError('FAN_OUT_FAILED', { job, reason }, { cause })
}
