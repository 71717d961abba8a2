import '../../fakes/clean-children.ts'
import t from 'tap'
import { rehearsal as parts } from '../../../engine/app.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import type { TestGiven } from '../../../engine/core/manifest.ts'
import type { Snapshot } from '../../../engine/core/model.ts'
import { type RehearsalData, rehearse } from '../../../engine/runtime/rehearsal.ts'
import { editSmall, load } from '../config/golden.ts'

const job = `apiVersion: jobsd/v1
kind: Job
name: people
title: A mail for each account
client: acme
scope: client
trigger: { type: manual, parameters: [{ name: least, type: integer, default: 0 }] }
fanOut:
  query: |
    SELECT call_id AS who, call_center AS site, account AS recipients FROM calls
    WHERE talk_s >= $least ORDER BY who
  parameters:
    - { name: who, type: text }
    - { name: site, type: text }
    - { name: recipients, type: text, required: true }
  key: who
  callCenter: site
  onEmpty: skip
  maxRows: 8
steps:
  - { name: build, type: report, report: call/call-detail, period: day, format: csv, fileName: "{param.who}.csv", onEmpty: send }
  - { name: mail, type: email, from: build, connection: mail, to: ["{param.recipients}"], template: note }
`

const query = 'templates/reports/call/call-detail/query.sql'

function compile(text = job): Snapshot {
  const compiled = compileJob(
    load(
      editSmall({ 'jobs.d/acme/people.yaml': text, [query]: 'SELECT call_id, talk_s AS seconds FROM calls' }),
    ),
    'acme/people',
  )
  if ('problem' in compiled) throw new Error(compiled.problem.message)
  return compiled.snapshot
}

type Row = [who: string, recipients: string | null, site?: string, client?: string]

function callsOf(rows: Row[]): RehearsalData {
  const calls = rows.map(([call_id, account, call_center = 'dallas', client = 'acme']) => {
    return { call_id, account, call_center, client, start_at: '2026-01-04 12:00:00', talk_s: 5 }
  })
  return { kind: 'rows', tables: { calls } }
}

const play = (data: RehearsalData, given: TestGiven = {}, snapshot = compile()) =>
  rehearse(parts, { snapshot, revision: 'r', given, data }, new AbortController().signal)

t.test(
  'rows that are there are asked for by the real query, and each is rehearsed in its order',
  async (t) => {
    const runs = await play(
      callsOf([
        ['b', 'b1@acme.example; b2@acme.example', 'tampa'],
        ['a', 'a@acme.example'],
        ['x', 'x@acme.example', 'dallas', 'borealis'],
      ]),
    )
    t.same(
      runs.map(({ row, callCenter, outcome, path }) => [row, callCenter, outcome, path]),
      [
        ['a', 'dallas', 'succeeded', ['build', 'mail']],
        ['b', 'tampa', 'succeeded', ['build', 'mail']],
      ],
      'none of another client',
    )
    t.match(runs[0]?.deliveries, [{ type: 'smtp', to: ['a@acme.example'], fileName: 'a.csv' }])
    t.match(runs[1]?.deliveries, [{ to: ['b1@acme.example', 'b2@acme.example'], fileName: 'b.csv' }])
  },
)

t.test('a row that means harm reaches nobody, and the others are served', async (t) => {
  const many = Array.from({ length: 51 }, (_, index) => `${index}@acme.example`).join(',')
  const runs = await play(
    callsOf([
      ['1', 'outsider@evil.example'],
      ['2', 'a@acme.example\r\nBcc: outsider@evil.example'],
      ['3', many],
      ['4', 'a@acme.example, outsider@acme.example.evil.example'],
      ['5', 'ok@acme.example', 'somewhere'],
      ['6', null],
      ['7', 'ok@acme.example'],
    ]),
  )
  t.same(
    runs.map(({ row, outcome, alert, note }) => [row, outcome, alert, note.split(':')[0]]),
    [
      ['1', 'failed', true, 'RECIPIENT_NOT_ALLOWED'],
      ['2', 'failed', true, 'FAN_OUT_ROW'],
      ['3', 'failed', true, 'FAN_OUT_ROW'],
      ['4', 'failed', true, 'RECIPIENT_NOT_ALLOWED'],
      ['5', 'failed', true, 'FAN_OUT_ROW'],
      ['6', 'failed', true, 'FAN_OUT_ROW'],
      ['7', 'succeeded', false, 'mailed to 1 recipient'],
    ],
  )
  t.same(
    runs.flatMap(({ deliveries }) => deliveries).map((sent) => 'to' in sent && sent.to),
    [['ok@acme.example']],
  )
})

t.test('rows that cannot be told apart, or are too many, reach nobody at all', async (t) => {
  const twice = await play(
    callsOf([
      ['a', 'a@acme.example'],
      ['a', 'b@acme.example'],
    ]),
  )
  t.match(twice, [
    { outcome: 'failed', path: ['fanOut'], note: /FAN_OUT_FAILED: .*two rows have the who "a"/ },
  ])
  t.equal(twice[0]?.row, undefined)
  t.same(
    twice.flatMap(({ deliveries }) => deliveries),
    [],
  )
  const many = await play(callsOf(Array.from({ length: 9 }, (_, at): Row => [`r${at}`, 'a@acme.example'])))
  t.match(many, [{ outcome: 'failed', note: /gave 9 rows, maxRows allows 8/, deliveries: [] }])
  const keyless = await play(
    callsOf([
      ['', 'a@acme.example'],
      ['b', 'b@acme.example'],
    ]),
  )
  t.match(keyless, [{ outcome: 'failed', note: /has no who, its key/ }])
  t.match(await play(callsOf([['x', 'x', 'dallas', 'borealis']])), [{ outcome: 'skipped', path: ['fanOut'] }])
})

t.test('without rows there is one that is made up, whose mail stays within the policy', async (t) => {
  const [run, ...more] = await play({ kind: 'made-up', rows: 2 })
  t.same(more, [])
  t.match(run, { row: 'sample', callCenter: 'dallas', outcome: 'succeeded' })
  t.match(run?.deliveries, [{ to: ['sample@acme.example'], rows: 2 }])
})

t.test('a row that is given takes the place of those that are there, its trigger given apart', async (t) => {
  const data = callsOf([['a', 'a@acme.example']])
  const given: TestGiven = { parameters: { who: 'me', recipients: 'me@acme.example', least: 3 } }
  t.match(await play(data, given), [{ row: 'me', deliveries: [{ to: ['me@acme.example'] }] }])
  t.match(await play(data, { parameters: { least: 9 } }), [
    { outcome: 'skipped', note: 'the query has no rows' },
  ])
  t.match(await play(data, { parameters: { recipients: 'a\nb' } }), [
    { row: 'sample', outcome: 'failed', note: /FAN_OUT_ROW/ },
  ])
})

t.test('no rows where there must be some is a failure that is told', async (t) => {
  const snapshot = compile(job.replace('onEmpty: skip', 'onEmpty: fail'))
  t.match(await play(callsOf([['x', 'x', 'dallas', 'borealis']]), {}, snapshot), [
    { outcome: 'failed', alert: true, note: /the query has no rows and onEmpty is fail/ },
  ])
})
