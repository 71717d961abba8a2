import '../../fakes/clean-children.ts'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createArtifactFolder } from '../../../engine/adapters/artifact-folder.ts'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { createLocalQueue } from '../../../engine/adapters/local-queue.ts'
import type { StepType } from '../../../engine/core/contracts/step.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { type ReportRequest, runReport } from '../../../engine/reports/run-report.ts'
import { writeRows } from '../../../engine/reports/write-rows.ts'
import { createEngine } from '../../../engine/runtime/engine.ts'
import { createEmailStep } from '../../../engine/steps/email.ts'
import { ftpOutCopyStep } from '../../../engine/steps/ftp-out-copy.ts'
import { createReportStep } from '../../../engine/steps/report.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { createMemoryEndpoints, createMemoryFiles, createMemoryMailer } from '../../fakes/endpoints.ts'
import { type Edits, eodFile, nothing } from '../../fakes/engine-stage.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { editSmall } from '../config/golden.ts'

const operators = 'ops@platform.example'
const customer = 'ops@acme.example'
const query = 'templates/reports/call/call-detail/query.sql'

interface Play {
  edits?: Edits
  /** Instead of the query's process. */
  render?: typeof runReport
  /** The template of the customer's mail cannot be filled. */
  mailFails?: boolean
  /** Rows of the dataset; null: its folder is empty. */
  calls?: string | null
}

/** Runs the job of one call center once, from its manifest to its targets, and tells who got what. */
async function play(
  t: Test,
  { edits = {}, render = runReport, mailFails, calls = 'a,acme,dallas,3\n' }: Play,
) {
  const folder = t.testdir({ data: {} })
  const data = join(folder, 'data')
  if (calls !== null) writeFileSync(join(data, 'calls.csv'), `call_id,client,call_center,seconds\n${calls}`)
  mkdirSync(join(folder, 'artifacts'))
  const clock = createManualClock('2026-11-23T12:00:00Z')
  const log = createMemoryLog()
  const [files, mailer] = [createMemoryFiles(), createMemoryMailer()]
  const tree = editSmall({
    'jobs.d/platform/connections/warehouse.yaml': (text) => text.replace('/srv/warehouse', data),
    ...edits,
  })
  const source = {
    description: 'a test',
    rescanMs: 30_000,
    settleMs: 3000,
    read: async () => tree,
    watch: async () => async () => undefined,
  }
  const ledger = openSqliteLedger(join(folder, 'ledger.db'))
  t.teardown(() => ledger.close())
  const drawNothing = async () => ({ fault: 'nothing is drawn here' })
  const fill = async (template: { name: string }, data: unknown) => {
    if (mailFails && template.name === 'note')
      throw new JobsdError('TEMPLATE_FAILED', { template: 'note', reason: 'a field is not there' })
    return { subject: template.name, html: 'h', text: JSON.stringify(data) }
  }
  const engine = createEngine({
    source,
    platform: undefined,
    standard: { ...source, read: async () => nothing },
    ledger,
    queue: createLocalQueue(clock),
    endpoints: createMemoryEndpoints({ files: { sftp: files }, mailers: { mail: mailer } }),
    artifacts: await createArtifactFolder(join(folder, 'artifacts')),
    steps: [createReportStep(render), createEmailStep(fill, drawNothing), ftpOutCopyStep] as StepType[],
    triggers: [{ type: 'scheduled', title: 'Scheduled', watch: async () => undefined }],
    renderMail: fill,
    clock,
    log,
    createId: () => 'once',
  })
  await engine.start({ triggers: false })
  const [id = ''] = await engine.run({ job: 'acme/eod', callCenter: 'dallas' })
  // Looked at now and then: its query is at work in another process. What broke off waits for a clock that stands still.
  while ((await ledger.unfinishedRuns()).length > 0) {
    if (log.lines.some((line) => line.includes('goes on later'))) throw new Error(log.lines.join('; '))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  // An engine that has stopped has told all that it had to tell.
  await engine.stop()
  const run = (await ledger.run(id))!
  const to = (address: string) => mailer.mails.filter(({ to }) => to.includes(address))
  return {
    state: run.state,
    code: run.steps.find(({ error }) => error)?.error?.code,
    files: [...files.files.keys()],
    toCustomer: to(customer).length,
    toOperators: to(operators).map(({ text }) => text),
  }
}

const withoutUpload: Edits = {
  [eodFile]: (text) => text.replace(/ {2}- name: upload[\s\S]*?(?= {2}- name: mail)/, ''),
}

/** A report step's rows that end early, as when the query's process is cut off. */
async function renderHalf({ definition, outPath, timezone }: ReportRequest) {
  let left = 1
  const stream = {
    fetchChunk: async () => (left-- > 0 ? { rowCount: 1, getColumns: () => [['a'], [3]] } : null),
  }
  const file = { report: 'call/call-detail', title: 't', columns: definition.columns, timezone, locale: 'en' }
  await writeRows(
    stream,
    {
      ...file,
      head: null,
      layout: null,
      format: 'csv',
      gzip: false,
      outPath,
      rowCount: 2,
      maxBytes: 1e6,
      totals: null,
    },
    new AbortController().signal,
  )
  return { rows: 2, overview: null }
}

t.test('a report that is fine goes to the customer, and the operators hear nothing', async (t) => {
  const { files, ...rest } = await play(t, {})
  t.equal(files.length, 1)
  t.same(rest, { state: 'succeeded', code: undefined, toCustomer: 1, toOperators: [] })
})

const broken: [string, string, Play][] = [
  [
    'whose columns have other types',
    'REPORT_DRIFT',
    { edits: { [query]: "SELECT call_id, 'many' AS seconds FROM calls" } },
  ],
  [
    'whose Total row has other columns',
    'REPORT_DRIFT',
    {
      edits: {
        [eodFile]: (text) => text.replace('format: csv', 'format: html').replace('.csv"', '.html"'),
        'templates/reports/call/call-detail/totals.sql':
          "SELECT max(call_id) AS call_id, 'many' AS seconds FROM calls",
      },
    },
  ],
  [
    'whose query fails',
    'REPORT_FAILED',
    { edits: { [query]: "SELECT call_id, error('x') AS seconds FROM calls" } },
  ],
  [
    'whose data is still not there at its last attempt',
    'DATASET_MISSING',
    {
      calls: null,
      edits: {
        [eodFile]: (text) => text.replace('onEmpty: skip', 'onEmpty: skip\n    retry: { maxAttempts: 1 }'),
      },
    },
  ],
  [
    'whose file is empty though it has rows',
    'REPORT_FAILED',
    {
      render: async ({ outPath }) => {
        writeFileSync(outPath, '')
        return { rows: 3, overview: null }
      },
    },
  ],
  ['that lost rows on the way', 'REPORT_FAILED', { render: renderHalf }],
  [
    'without rows where onEmpty is fail',
    'REPORT_EMPTY',
    {
      calls: 'b,other,dallas,3\n',
      edits: { [eodFile]: (text) => text.replace('onEmpty: skip', 'onEmpty: fail') },
    },
  ],
]

for (const [what, code, how] of broken) {
  t.test(`a report ${what} goes to nobody, and the operators are told`, async (t) => {
    const { toOperators, ...rest } = await play(t, how)
    t.same(rest, { state: 'failed', code, files: [], toCustomer: 0 })
    t.equal(toOperators.length, 1)
    t.match(toOperators[0], code)
  })
}

t.test('a good report whose mail cannot be written goes to nobody, and the operators are told', async (t) => {
  const { toOperators, ...rest } = await play(t, { edits: withoutUpload, mailFails: true })
  t.same(rest, { state: 'failed', code: 'TEMPLATE_FAILED', files: [], toCustomer: 0 })
  t.equal(toOperators.length, 1)
})

t.test('without rows nobody is sent anything where onEmpty is skip', async (t) => {
  const { files, ...rest } = await play(t, { calls: 'b,other,dallas,3\n' })
  t.same(files, [])
  t.same(rest, { state: 'skipped', code: undefined, toCustomer: 0, toOperators: [] })
})
