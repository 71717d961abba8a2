/** Every standard mail filled with the demo's sample data: the bodies that the pictures show. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createFolderSource } from '../../engine/adapters/folder-source.ts'
import { loadConfig } from '../../engine/config/load.ts'
import { readMail, readReport } from '../../engine/config/templates.ts'
import { type MailData, mailData } from '../../engine/core/mail-data.ts'
import { mailCharts } from '../../engine/core/mail-report.ts'
import type { Period, Run, RunFile, Snapshot } from '../../engine/core/model.ts'
import { periodOf } from '../../engine/core/period.ts'
import { periodText } from '../../engine/core/period-text.ts'
import { previousPeriod } from '../../engine/core/previous-period.ts'
import { drawChart } from '../../engine/reports/draw-chart.ts'
import { runReport } from '../../engine/reports/run-report.ts'
import { renderMail } from '../../engine/reports/template.ts'
import { describeAlerts } from '../../engine/runtime/alert-mails.ts'
import { writeSampleData } from '../demo/sample-data.ts'
import { sampleAlerts } from './sample-alerts.ts'

export interface MailBody {
  name: string
  /** With its images in it. */
  html: string
  text: string
}

const root = join(import.meta.dirname, '../..')
const slot = '2026-11-21T00:30:00.000Z'
const sample = { seed: 20_261_122, lastDay: '2026-11-20', days: 9 }
const sha256 = '9f2c4e61b07d5a3388e1c6f4d2b09a7715e8c3f0a6b4d29187e5f3c1a0b2d4e6'

/** One for each report by the client's daily mail, then the mails that show no report. */
export async function makeMailBodies(
  folder: string,
  { only, scale = 1 }: { only?: string[]; scale?: number } = {},
): Promise<MailBody[]> {
  const tree = await createFolderSource(root).read(new AbortController().signal)
  const manifests = loadConfig(tree, { standard: tree })
  const data = join(folder, 'data')
  await writeSampleData({ folder: data, scale, ...sample })
  const bodies: MailBody[] = []
  const client = manifests.clients.get('acme')!.value
  const period = periodOf('day', Date.parse(slot), client.timezone, client.dayCutOff ?? '00:00')
  const names = [...manifests.reports.keys()].filter((name) => only === undefined || only.includes(name))
  for (const name of names.sort()) {
    const report = readReport(manifests, name)!
    const file = await renderSample(name, { data, folder, period, client, report })
    const isCampaign = name === 'campaign/campaign-summary'
    const template = readMail(manifests, 'acme', isCampaign ? 'campaign-result' : 'report-ready')
    bodies.push(
      await fillBody(name.replace('/', '-'), template, dataOf(report.title, client, [file]), [file]),
    )
  }
  if (only !== undefined) return bodies
  const posted = dataOf('Campaign files', client, [
    { ...fileOf('leads.csv', 1_250_000), rows: null, period: null },
  ])
  bodies.push(await fillBody('file-received', readMail(manifests, 'acme', 'file-received'), posted, []))
  for (const [name, alert] of Object.entries(sampleAlerts)) {
    const { template, facts } = describeAlerts([alert], 10)
    bodies.push(await fillBody(name, readMail(manifests, null, template), facts, []))
  }
  return bodies
}

interface SampleReport {
  data: string
  folder: string
  period: Period
  client: Snapshot['client']
  report: NonNullable<ReturnType<typeof readReport>>
}

async function renderSample(
  name: string,
  { data, folder, period, client, report }: SampleReport,
): Promise<RunFile> {
  const workFolder = await mkdtemp(join(folder, 'work-'))
  const before = previousPeriod('day', period, '00:00')!
  const params = {
    ...{ client: client.name, timezone: client.timezone, day_cut_off: '00:00', campaign_id: null, slot },
    ...{ period_start: period.start, period_end: period.end },
  }
  const { rows, overview } = await runReport(
    {
      definition: report,
      dataset: {
        apiVersion: 'jobsd/v1',
        kind: 'Connection',
        type: 'dataset',
        name: 'sample',
        format: 'parquet',
        path: data,
      },
      tenant: { client: client.name, callCenters: null },
      params,
      timezone: client.timezone,
      format: 'csv',
      overview: {
        previous: { label: periodText(before, client.locale), start: before.start, end: before.end },
      },
      outPath: join(workFolder, 'report.csv'),
      workFolder,
    },
    new AbortController().signal,
  )
  await rm(workFolder, { recursive: true })
  const fileName = `acme_${name.split('/')[1]}_20261120.csv`
  return { ...fileOf(fileName, rows * 180 + 200), rows, period, ...(overview && { overview }) }
}

function fileOf(fileName: string, size: number): Omit<RunFile, 'rows' | 'period'> {
  return { sha256, size, step: 'build', fileName, mediaType: 'text/csv', origin: null }
}

function dataOf(title: string, client: Snapshot['client'], files: RunFile[]): MailData {
  const run = {
    ...{ id: '019ab4c2d7e1', job: 'acme/daily', callCenter: null, slot, startedAt: slot, createdAt: slot },
    ...{ event: null, parameters: {}, trigger: { type: 'manual', key: 'sample' } },
  } as unknown as Run
  const manifest = { name: 'daily', title, trigger: { type: 'manual' }, steps: [] }
  return mailData(run, { client, manifest } as unknown as Snapshot, files, [], files)
}

async function fillBody(
  name: string,
  template: Parameters<typeof renderMail>[0],
  facts: object,
  files: RunFile[],
): Promise<MailBody> {
  const { html, text } = await renderMail(template, facts)
  let shown = html
  for (const { id, chart } of mailCharts(files)) {
    const drawn = await drawChart(chart)
    if ('fault' in drawn) throw new Error(`${name}: ${drawn.fault}`)
    shown = shown.replaceAll(`cid:${id}`, `data:image/png;base64,${drawn.png.toString('base64')}`)
  }
  return { name, html: shown, text }
}
