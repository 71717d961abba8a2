import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { clientView } from '../../../engine/catalog/views.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import { fanOutStep } from '../../../engine/core/fan-out.ts'
import type { RunDetail, RunState, Snapshot, StepRecord } from '../../../engine/core/model.ts'
import { createRun } from '../../fakes/snapshot.ts'
import { editSmall, load, manifestsFolder } from '../config/golden.ts'

const file = 'jobs.d/acme/sites.yaml'
const text = readFileSync(join(manifestsFolder, 'ok/fan-out', file), 'utf8')
const compiled = compileJob(load(editSmall({ [file]: text })), 'acme/sites') as { snapshot: Snapshot }
const { snapshot } = compiled

const at = '2026-11-23T00:30:01.000Z'
const cause = { type: 'campaign' as const, key: '["platform","e1"]' }

function detail(
  id: string,
  state: RunState,
  changes: Partial<RunDetail>,
  step: Partial<StepRecord>,
): RunDetail {
  const record: StepRecord = {
    ...{ runId: id, seq: 1, name: 'build', type: 'report', outcome: 'succeeded', attempts: 1, note: '' },
    ...{ error: null, next: 'end', startedAt: at, endedAt: at },
    ...step,
  }
  const run = createRun({
    id,
    job: 'acme/sites',
    state,
    callCenter: null,
    trigger: cause,
    startedAt: at,
    endedAt: at,
  })
  return { ...run, files: [], ...changes, steps: [{ ...record, deliveries: [] }] }
}

const parent = detail('p', 'succeeded', { rowRuns: ['a', 'b'] }, { name: fanOutStep.name, type: 'fan-out' })
const rowOf = (key: string, changes: Partial<RunDetail> = {}): Partial<RunDetail> => ({
  trigger: { ...cause, key: `${cause.key}#${key}` },
  row: { parent: 'p', key },
  ...changes,
})
const good = detail('a', 'succeeded', rowOf('dallas', { callCenter: 'dallas' }), {})
const bad = detail('b', 'failed', rowOf('ann@acme.example'), {
  outcome: 'failed',
  error: { code: 'RECIPIENT_NOT_ALLOWED', message: 'nothing is mailed to "x@evil.example"', hint: '' },
})

function viewOf(runs: RunDetail[]) {
  const { client } = snapshot
  const input = {
    client,
    snapshots: [snapshot],
    runs,
    facts: null,
    versions: new Map(),
    now: at,
    invalid: [],
  }
  return clientView(input).job('sites')
}

t.test(
  'a job says what there is a run for, and whom its mails reach, without a query or an address',
  async (t) => {
    const view = viewOf([])
    t.equal(view.rows, 'One for each Site, with its Recipients, shape and calls')
    const mail = view.steps.find(({ name }) => name === 'mail')
    t.match(mail?.details, [{}, { label: 'To', value: 'As Recipients says' }])
    t.notMatch(JSON.stringify(view), /SELECT|ops@acme|audit@acme/)
  },
)

t.test('the rows are one execution, and the run that only asked for them does not count', async (t) => {
  const view = viewOf([bad, good, parent])
  t.match(view.last, { outcome: { label: 'Failed' }, share: '1 of 2 executions succeeded' })
  t.same(
    view.runs.map(({ callCenter }) => callCenter),
    ['a***@acme.example', 'Dallas', ''],
    'an address as a key is masked',
  )
  t.match(view.runs[2]?.steps, [{ name: 'fanOut', type: 'Fan-out' }])
  t.match(view.attention?.text, /a\*\*\*@acme.example, failed. The e-mail was not sent/)
  t.equal(view.path?.id, 'b')
  t.notMatch(JSON.stringify(view), 'evil.example')
  t.match(viewOf([good, { ...parent, rowRuns: ['a'] }]).last, { outcome: { label: 'Succeeded' }, share: '' })
})

t.test('a fan-out that failed is the execution itself', async (t) => {
  const failed = detail(
    'q',
    'failed',
    {},
    {
      ...{ name: fanOutStep.name, type: 'fan-out', outcome: 'failed', next: 'fail' },
      error: { code: 'FAN_OUT_FAILED', message: 'two rows have the site "x"', hint: '' },
    },
  )
  const view = viewOf([failed])
  t.match(view.last, { outcome: { label: 'Failed' } })
  t.match(view.attention?.text, /What the job is to be run for could not be found out/)
  t.notMatch(JSON.stringify(view), 'two rows')
})
