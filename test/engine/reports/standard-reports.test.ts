import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import t from 'tap'
import { parse } from 'yaml'
import type { ReportDefinition } from '../../../engine/core/model.ts'
import { runReport } from '../../../engine/reports/run-report.ts'
import { type SampleCampaign, writeSampleData } from '../../../scripts/demo/sample-data.ts'

const folder = t.testdir({ data: {}, again: {}, work: {} })
const seed = { seed: 7, lastDay: '2026-11-20', days: 3, scale: 0.15 }
type Row = Record<string, string | number | boolean | null>
const tables: Record<string, Row[]> = {}
let campaigns: SampleCampaign[] = []

t.before(async () => {
  campaigns = (await writeSampleData({ folder: join(folder, 'data'), ...seed })).campaigns
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  for (const table of ['calls', 'campaigns', 'campaign_records', 'agents']) {
    const read = await connection.runAndReadAll(`SELECT * FROM '${join(folder, 'data', `${table}.parquet`)}'`)
    tables[table] = read.getRowObjectsJson() as Row[]
  }
  connection.closeSync()
  instance.closeSync()
})

async function csvOf(
  report: string,
  client: string,
  callCenter: string,
  timezone: string,
  params: Record<string, string>,
) {
  const source = (name: string) => readFileSync(join('templates/reports', report, name), 'utf8')
  const outPath = join(folder, 'work', 'out.csv')
  const { rows } = await runReport(
    {
      definition: { ...parse(source('report.yaml')), sql: source('query.sql') } as ReportDefinition,
      dataset: {
        apiVersion: 'jobsd/v1',
        kind: 'Connection',
        type: 'dataset',
        name: 'demo',
        format: 'parquet',
        path: join(folder, 'data'),
      },
      tenant: { client, callCenters: [callCenter] },
      // As the step gives them: null where the run has none.
      params: { period_start: null, period_end: null, campaign_id: null, ...params },
      timezone,
      format: 'csv',
      outPath,
      workFolder: join(folder, 'work'),
    },
    new AbortController().signal,
  )
  return { rows, text: readFileSync(outPath, 'utf8') }
}

/** UTC as the database prints it, to the wall clock of a zone that has this one offset on that day. */
function shift(utc: string | number | boolean | null | undefined, hours: number, suffix: string): string {
  if (utc === null || utc === undefined) return ''
  return new Date(Date.parse(`${utc}Z`) + hours * 3_600_000).toISOString().slice(0, 19) + suffix
}

const quote = (value: unknown, isText = true): string => {
  const text = value === null || value === undefined ? '' : String(value)
  const safe = isText && ['=', '+', '-', '@'].includes(text[0] ?? '') ? `'${text}` : text
  return safe.includes(',') || safe.includes('"') ? `"${safe.split('"').join('""')}"` : safe
}

t.test('call detail equals a recomputation of the day from the raw rows', async (t) => {
  for (const [client, callCenter, zone, hours, suffix] of [
    ['acme', 'dallas', 'America/Chicago', -6, '-06:00'],
    ['borealis', 'berlin', 'Europe/Berlin', 1, '+01:00'],
  ] as const) {
    const dayStart = Date.parse('2026-11-19T00:00:00Z') - hours * 3_600_000
    const { rows, text } = await csvOf('call/call-detail', client, callCenter, zone, {
      period_start: new Date(dayStart).toISOString(),
      period_end: new Date(dayStart + 86_400_000).toISOString(),
    })
    const lines = tables
      .calls!.filter((call) => call.client === client && call.call_center === callCenter)
      .filter((call) => shift(call.start_at, hours, '').startsWith('2026-11-19'))
      .sort((a, b) => (`${a.start_at} ${a.call_id}` < `${b.start_at} ${b.call_id}` ? -1 : 1))
      .map((call) => {
        const campaign = tables.campaigns!.find(({ campaign_id }) => campaign_id === call.campaign_id)
        const duration = (Date.parse(`${call.end_at}Z`) - Date.parse(`${call.start_at}Z`)) / 1000
        return [
          ...[call.call_id, call.client, call.call_center, call.service, call.campaign_id].map((cell) =>
            quote(cell),
          ),
          quote(campaign?.name),
          quote(call.account),
          quote(call.phone, false),
          quote(call.direction),
          ...[call.start_at, call.answer_at, call.end_at].map((at) => shift(at, hours, suffix)),
          ...[duration, call.talk_s, call.hold_s].map(String),
          ...[call.result, call.custom_outcome_1, call.custom_outcome_2, call.custom_outcome_3].map((cell) =>
            quote(cell),
          ),
          quote(call.agent_logon),
          quote(call.caller_id, false),
          quote(call.recording_id),
        ].join(',')
      })
    t.ok(lines.length > 100)
    t.equal(rows, lines.length)
    t.equal(text.slice(text.indexOf('\n') + 1), lines.join('\n') + '\n')
    t.match(text, /^Call ID,Client,Call Center,.*,Agent Logon ID,Caller ID,Recording ID\n/)
    t.match(text, /,'=/, 'the data tests the formula rule')
  }
})

t.test('a call that enters right at the start of the period is in it, one at its end is not', async (t) => {
  const calls = tables.calls!.filter((call) => call.client === 'acme' && call.call_center === 'tampa')
  const [first, last] = [calls[10]!, calls[20]!]
  const at = (call: Row) => new Date(`${call.start_at}Z`).toISOString()
  const { text } = await csvOf('call/call-detail', 'acme', 'tampa', 'UTC', {
    period_start: at(first),
    period_end: at(last),
  })
  const ids = text
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split(',')[0])
  t.ok(ids.includes(String(first.call_id)))
  t.notOk(ids.includes(String(last.call_id)))
})

t.test('campaign summary equals a recomputation from the raw rows', async (t) => {
  const campaign = campaigns.find(({ client, callCenter }) => client === 'cobalt' && callCenter === 'nyc')!
  const { text } = await csvOf('campaign/campaign-summary', 'cobalt', 'nyc', 'America/New_York', {
    campaign_id: campaign.id,
  })
  const calls = tables.calls!.filter((call) => call.campaign_id === campaign.id)
  const records = tables.campaign_records!.filter((record) => record.campaign_id === campaign.id)
  const count = (pattern: RegExp) => calls.filter((call) => pattern.test(String(call.result))).length
  const share = (part: number, whole: number) => ((100 * part) / whole).toFixed(2)
  const notMade = count(/\(Not Made\)$/)
  const attempts = calls.length - notMade
  const live = count(/^(Operator Transfer|Listened|Hung Up in Opening)/)
  const transfers = count(/^Operator Transfer/)
  const rpc = calls.filter((call) => call.right_party === true).length
  const dialed = new Set(
    calls.filter((call) => !/Not Made/.test(String(call.result))).map((call) => call.account),
  )
  const [, line = ''] = text.split('\n')
  t.equal(
    line.slice(line.indexOf(',Stop,')),
    [
      ',Stop',
      shift(campaign.startedAt.slice(0, -1), -5, '-05:00'),
      shift(campaign.endedAt.slice(0, -1), -5, '-05:00'),
      records.length,
      records.length + records.filter((record) => record.phone_2 !== null).length,
      notMade,
      attempts,
      share(dialed.size, records.length),
      live,
      share(live, attempts),
      count(/^Answering Machine/),
      count(/^Busy$/),
      count(/^No Answer$/),
      count(/^Invalid Phone Number$/),
      transfers,
      count(/^Operator Transfer$/),
      share(transfers - count(/^Operator Transfer$/), transfers),
      rpc,
      share(rpc, live),
    ].join(','),
  )
  t.ok(notMade > 0 && rpc > 0 && transfers > 0, 'the data tests the columns')
})

t.test('a campaign of another client or call center is no row at all', async (t) => {
  const { id } = campaigns.find(({ client, callCenter }) => client === 'acme' && callCenter === 'tampa')!
  for (const [client, callCenter] of [
    ['cobalt', 'nyc'],
    ['acme', 'dallas'],
  ] as const) {
    const { rows } = await csvOf('campaign/campaign-summary', client, callCenter, 'UTC', { campaign_id: id })
    t.equal(rows, 0)
  }
})

t.test(
  'the sample data is the same for the same seed, and a day is the same however many there are',
  async (t) => {
    const hash = (of: string) =>
      createHash('sha256')
        .update(readFileSync(join(folder, of, 'calls.parquet')))
        .digest('hex')
    await writeSampleData({ folder: join(folder, 'again'), ...seed })
    t.equal(hash('again'), hash('data'))
    const { campaigns: fewer } = await writeSampleData({ folder: join(folder, 'again'), ...seed, days: 1 })
    t.not(hash('again'), hash('data'))
    t.same(
      fewer,
      campaigns.filter(({ id }) => id.endsWith('20261120')),
    )
  },
)

t.test('the sample data is realistic where reports depend on it', async (t) => {
  const calls = tables.calls!
  t.same([...new Set(calls.map((call) => call.client))].sort(), ['acme', 'borealis', 'cobalt'])
  t.equal(
    new Set(calls.map((call) => `${call.client} ${call.call_id}`)).size,
    calls.length,
    'call ids are unique',
  )
  for (const call of calls) {
    const isNotMade = String(call.result).endsWith('(Not Made)')
    if (isNotMade && (call.answer_at !== null || call.end_at !== call.start_at))
      t.fail(`${call.call_id} was made`)
    if (call.answer_at !== null && !(call.start_at! < call.answer_at! && call.answer_at! <= call.end_at!))
      t.fail(`${call.call_id} runs backwards`)
  }
  const texts = tables.campaign_records!.map((record) => String(record.name))
  for (const pattern of [/^=/, /"/, /,/, /[äöüß]/, /^[^=+\-@]/])
    t.ok(
      texts.some((text) => pattern.test(text)),
      String(pattern),
    )
  t.ok(
    calls.every((call) => /^\+(1\d{3}55501\d\d|493023125\d{3})$/.test(String(call.phone))),
    'no number is anybody’s',
  )
})
