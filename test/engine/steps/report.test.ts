import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { CompiledSchedule, EventData, StepOf } from '../../../engine/core/model.ts'
import { builtInParameters } from '../../../engine/reports/query-names.ts'
import type { Rendered, ReportRequest } from '../../../engine/reports/run-report.ts'
import { createReportStep } from '../../../engine/steps/report.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'
import { createStepContext } from '../../fakes/step-context.ts'

const build: StepOf<'report'> = createStep({
  name: 'build',
  type: 'report',
  report: 'call/call-detail',
  period: 'day',
  format: 'csv',
  fileName: '{client}_{callCenter}_{report}_{period.end:yyyyMMdd}.{ext}',
  onEmpty: 'send',
})

/** Runs the step on a query that writes `text` and counts `rows`. */
function setUp(folder: string, given: Parameters<typeof createStepContext>[2] = {}, rows = 2) {
  const requests: ReportRequest[] = []
  const query = {
    run: async (request: ReportRequest): Promise<Rendered> => {
      requests.push(request)
      await stat(request.workFolder)
      await writeFile(join(request.workFolder, 'tenant.duckdb'), 'left behind')
      await writeFile(request.outPath, 'call_id\n1\n2\n')
      return { rows, overview: null }
    },
  }
  const step = createReportStep((request) => query.run(request))
  const context = createStepContext('build', folder, given)
  const scratch = () => readdir(join(folder, 'scratch'))
  return { query, requests, step, context, scratch }
}

t.test('renders the statistical day before the slot for the run’s call center', async (t) => {
  const { requests, step, context, scratch } = setUp(t.testdir())
  const result = await step.run(build, context)
  t.match(requests[0], {
    definition: { name: 'call-detail', sql: 'select call_id from calls' },
    dataset: { name: 'warehouse', path: '/srv/warehouse' },
    tenant: { client: 'acme', callCenters: ['dallas'] },
    params: {
      period_start: '2026-11-21T06:00:00.000Z',
      period_end: '2026-11-22T06:00:00.000Z',
      campaign_id: null,
      client: 'acme',
      slot: '2026-11-23T00:30:00.000Z',
    },
    timezone: 'America/Chicago',
    format: 'csv',
    limits: { timeoutMs: 600_000 },
  })
  const period = {
    start: '2026-11-21T06:00:00.000Z',
    end: '2026-11-22T06:00:00.000Z',
    timezone: 'America/Chicago',
  }
  t.match(result, {
    ok: true,
    files: [
      {
        fileName: 'acme_dallas_call-detail_20261121.csv',
        mediaType: 'text/csv',
        rows: 2,
        size: 12,
        period,
        origin: null,
      },
    ],
  })
  const [file] = result.files ?? []
  t.match(await stat(await context.artifacts.open(file!.sha256, 12)), { size: 12 })
  t.same(await scratch(), [], 'the work folder and the scratch file are gone')
})

t.test('asks for the file as the client lays it out, with its codes, and says what it covers', async (t) => {
  const client = {
    ...createSnapshot().client,
    locale: 'de',
    outcomes: [{ result: 'Busy', codes: ['B'] as [string] }],
  }
  const { requests, step, context } = setUp(t.testdir(), { snapshot: { client } })
  const laidOut = { ...build, format: 'txt', layout: 'cdr-pipe', gzip: true } as const
  const result = await step.run(laidOut, context)
  t.match(requests[0], {
    format: 'txt',
    gzip: true,
    locale: 'de',
    layout: { name: 'cdr-pipe', delimiter: '|' },
    outcomes: { entries: client.outcomes, fallback: 'platform-code' },
    head: {
      client: client.title,
      period: { start: '2026-11-21T06:00:00.000Z' },
      generatedAt: context.run.startedAt ?? context.run.createdAt,
      revision: context.run.revision,
    },
  })
  t.match(result.files?.[0], {
    fileName: 'acme_dallas_call-detail_20261121.txt.gz',
    mediaType: 'application/gzip',
  })
  await t.rejects(step.run({ ...laidOut, layout: 'gone' }, context), { code: 'REPORT_FAILED' })
})

t.test('the policy says how large a report may get', async (t) => {
  const policy = { ...createSnapshot().policy, reportLimits: { maxFile: '2GiB', memory: '1GiB' } }
  const { requests, step, context } = setUp(t.testdir(), { snapshot: { policy } })
  await step.run(build, context)
  t.same(requests[0]?.limits, { timeoutMs: 600_000, maxBytes: 2 ** 31, memoryMb: 1024 })
})

t.test('a client run sees every call center, and the rows that the policy calls the client’s', async (t) => {
  const policy = { ...createSnapshot().policy, dataset: { connection: 'warehouse', client: 'ACME-01' } }
  const client = { ...createSnapshot().client, dayCutOff: '19:00' }
  const given = { run: { callCenter: null }, snapshot: { policy, client } }
  const { requests, step, context } = setUp(t.testdir(), given)
  const result = await step.run(build, context)
  t.match(requests[0]?.tenant, { client: 'ACME-01', callCenters: null })
  t.equal(requests[0]?.params.client, 'ACME-01')
  t.equal(requests[0]?.params.period_end, '2026-11-22T01:00:00.000Z', 'the cut-off before the slot')
  t.match(result.files?.[0]?.fileName, /^acme_call-detail_/)
})

t.test('a slot that was moved over days off covers them too', async (t) => {
  const schedule: CompiledSchedule = {
    name: 'weekdays',
    cron: '30 18 * * *',
    timezone: 'America/Chicago',
    onHoliday: 'next',
    catchUp: 'latest',
    catchUpWindowMs: 86_400_000,
    fields: {
      minutes: [30],
      hours: [18],
      daysOfMonth: numbers(1, 31),
      months: numbers(1, 12),
      daysOfWeek: numbers(0, 6),
      eitherDay: false,
      wildcard: false,
    },
    calendar: {
      apiVersion: 'jobsd/v1',
      kind: 'Calendar',
      name: 'us-business',
      title: 'US business days',
      weekends: ['sat', 'sun'],
    },
  }
  const periodOf = async (slot: string) => {
    const given = { run: { slot, schedule: 'weekdays' }, snapshot: { schedules: [schedule] } }
    const { step, context } = setUp(t.testdir(), given)
    const { files } = await step.run(build, context)
    return [files?.[0]?.period?.start, files?.[0]?.period?.end]
  }
  t.same(await periodOf('2026-11-24T00:30:00.000Z'), ['2026-11-20T06:00:00.000Z', '2026-11-23T06:00:00.000Z'])
  t.same(await periodOf('2026-11-25T00:30:00.000Z'), ['2026-11-23T06:00:00.000Z', '2026-11-24T06:00:00.000Z'])
})

t.test('a report without rows is sent, ends the run or fails as onEmpty says', async (t) => {
  const sent = setUp(t.testdir(), {}, 0)
  t.match(await sent.step.run(build, sent.context), { ok: true, files: [{ rows: 0 }] })
  const skipped = setUp(t.testdir(), {}, 0)
  const result = await skipped.step.run({ ...build, onEmpty: 'skip' }, skipped.context)
  t.same(result, { ok: true, skip: true, note: 'report call/call-detail has no rows' })
  t.same(await skipped.scratch(), [])
  const failed = setUp(t.testdir(), {}, 0)
  await t.rejects(failed.step.run({ ...build, onEmpty: 'fail' }, failed.context), { code: 'REPORT_EMPTY' })
  const full = setUp(t.testdir())
  t.match(await full.step.run({ ...build, onEmpty: 'fail' }, full.context), {
    ok: true,
    files: [{ rows: 2 }],
  })
})

t.test('nothing is left behind when the query fails', async (t) => {
  const { query, step, context, scratch } = setUp(t.testdir())
  const { run } = query
  query.run = async (request) => {
    await run(request)
    throw new JobsdError('REPORT_FAILED', { report: 'call/call-detail', reason: 'no such table' })
  }
  await t.rejects(step.run(build, context), { code: 'REPORT_FAILED' })
  t.same(await scratch(), [])
})

t.test('the period `campaign` is the event’s campaign', async (t) => {
  const campaign: StepOf<'report'> = {
    ...build,
    period: 'campaign',
    fileName: '{campaign.name}_{period.end:yyyyMMdd}.csv',
  }
  const run = async (event: EventData | null) => {
    const { requests, step, context } = setUp(t.testdir(), { run: { event } })
    const result = await step.run(campaign, context)
    return { params: requests[0]?.params, file: result.files?.[0] }
  }
  const times = { start: '2026-11-20T08:00:00-06:00', end: '2026-11-22T17:00:00-06:00' }
  const nested = await run({ campaign: { id: 77, name: 'Fall: reminders', ...times } })
  t.match(nested.params, {
    campaign_id: '77',
    period_start: '2026-11-20T14:00:00.000Z',
    period_end: '2026-11-22T23:00:00.000Z',
  })
  t.match(nested.file?.fileName, /^Fall.*reminders_20261122\.csv$/)
  const flat = await run({ campaignId: 'c-1', campaignStart: times.start })
  t.match(
    flat.params,
    { campaign_id: 'c-1', period_end: '2026-11-23T00:30:00.000Z' },
    'it ended with the event',
  )
  const bare = await run({ campaignId: 'c-1' })
  t.match(bare.params, { campaign_id: 'c-1', period_start: null, period_end: null })
  t.equal(bare.file?.period, null, 'no time is made up')
  t.equal(bare.file?.fileName, 'c-1.csv')
  for (const event of [
    null,
    { campaign: 'c-1' },
    { campaign: { id: 'c', start: '2026-11-20T08:00:00' } },
    { campaign: { id: 'c', start: 'yesterday' } },
    { campaign: { id: 'c', start: times.end, end: times.start } },
  ]) {
    await t.rejects(run(event), { code: 'PERIOD_UNKNOWN' }, JSON.stringify(event))
  }
})

t.test('a policy without a dataset, and a dataset that is none, fail the report', async (t) => {
  const { dataset: _dataset, ...policy } = createSnapshot().policy
  const without = setUp(t.testdir(), { snapshot: { policy } })
  await t.rejects(without.step.run(build, without.context), { code: 'REPORT_FAILED' })
  const wrong = setUp(t.testdir(), { snapshot: { policy: { ...policy, dataset: { connection: 'mail' } } } })
  await t.rejects(wrong.step.run(build, wrong.context), { code: 'REPORT_FAILED' })
  t.same(wrong.requests, [])
})

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

t.test('what every query may use is what the step gives it, and the job’s parameters besides', async (t) => {
  const { requests, step, context } = setUp(t.testdir())
  await step.run(build, context)
  t.same(Object.keys(requests[0]?.params ?? {}).sort(), [...builtInParameters].sort())
  const parameters = [
    { name: 'day', type: 'date' as const },
    { name: 'until', type: 'instant' as const },
    { name: 'note', type: 'text' as const },
  ]
  const { manifest } = context.snapshot
  const trigger = { type: 'manual' as const, parameters }
  const snapshot = { ...context.snapshot, manifest: { ...manifest, trigger } }
  const run = { ...context.run, parameters: { day: '2026-11-20', until: '2026-11-22T18:30:00.000Z' } }
  await step.run(build, { ...context, snapshot, run })
  t.match(requests[1]?.params, {
    day: { date: '2026-11-20' },
    until: { instant: '2026-11-22T18:30:00.000Z' },
    note: null,
    client: 'acme',
  })
})
