/** A job's parameters, from the event through the real runner to query, file name, folder, mail and condition. */
import '../fakes/clean-children.ts'
import t from 'tap'
import { rehearsal as parts } from '../../engine/app.ts'
import { compileJob } from '../../engine/config/compile.ts'
import { formatProblemLine } from '../../engine/config/problems.ts'
import type { TestGiven } from '../../engine/core/manifest.ts'
import { rehearse } from '../../engine/runtime/rehearsal.ts'
import { editSmall, load } from '../engine/config/golden.ts'

const job = `apiVersion: jobsd/v1
kind: Job
name: ended
title: Campaign ended
client: acme
scope: client
trigger:
  type: campaign
  parameters:
    - { name: region, type: text, field: campaign.region, allowed: [dallas, tampa], required: true }
    - { name: least, type: integer, default: 5 }
    - { name: rate, type: number, default: 0.5 }
    - { name: day, type: date, required: true }
    - { name: until, type: instant }
    - { name: isTest, type: boolean, default: false }
steps:
  - name: is-real
    type: condition
    when: { value: run.parameters.isTest, equals: false }
    onSuccess: build
    onFailure: end
  - name: build
    type: report
    report: call/call-detail
    period: day
    format: csv
    fileName: "{param.region}_{param.day}_{param.until}_{param.least}.csv"
    onEmpty: send
  - name: upload
    type: ftp-out-copy
    from: build
    connection: sftp
    path: "/outbound/{param.region}"
  - name: mail
    type: email
    from: build
    connection: mail
    to: [ops@acme.example]
    subject: "{{campaign.name}}: {{parameters.region}} {{parameters.least}}"
    template: note
`
const report = `apiVersion: jobsd/v1
kind: Report
name: call-detail
title: Call detail
category: call
parameters:
  - { name: region, type: text }
  - { name: least, type: integer }
  - { name: rate, type: number }
  - { name: day, type: date }
  - { name: until, type: instant }
  - { name: isTest, type: boolean }
columns:
  - { name: call_id, title: Call ID, type: text }
  - { name: seconds, title: Seconds, type: integer }
`
// The types are asked for as they arrive: a text would be of another one.
const query = `SELECT call_id, talk_s AS seconds FROM calls
WHERE call_center = $region AND talk_s >= $least AND CAST(start_at AS DATE) = $day
  AND ($until IS NULL OR start_at < $until) AND $rate BETWEEN 0.4 AND 0.6 AND right_party <> $isTest
  AND typeof($day) = 'DATE' AND typeof($isTest) = 'BOOLEAN'
ORDER BY call_id`

const config = load(
  editSmall({
    'jobs.d/acme/eod.yaml': null,
    'jobs.d/acme/ended.yaml': job,
    'templates/mail/note/text.hbs':
      'until {{#if parameters.until}}{{parameters.until}}{{else}}for ever{{/if}}, {{campaign.id}}',
    'templates/reports/call/call-detail/report.yaml': report,
    'templates/reports/call/call-detail/query.sql': query,
  }),
)

const call = (call_id: string, changes: object = {}) => ({
  ...{ call_id, client: 'acme', call_center: 'dallas', talk_s: 5, right_party: true },
  ...{ start_at: '2026-11-20 12:00:00', end_at: '2026-11-20 12:01:00' },
  ...changes,
})
const calls = [
  call('a'),
  call('late', { start_at: '2026-11-20 15:00:00' }),
  call('short', { talk_s: 4 }),
  call('elsewhere', { call_center: 'tampa' }),
  call('yesterday', { start_at: '2026-11-19 12:00:00' }),
  call('test', { right_party: false }),
]

async function rehearseEnded(given: TestGiven) {
  t.same(config.problems.map(formatProblemLine), [])
  const compiled = compileJob(config, 'acme/ended')
  if ('problem' in compiled) throw new Error(compiled.problem.message)
  const texts: string[] = []
  const [run] = await rehearse(
    parts,
    {
      snapshot: compiled.snapshot,
      revision: 'r',
      given: { slot: '2026-11-21T12:00:00Z', ...given },
      data: { kind: 'rows', tables: { calls } },
      capture: async (captured) => {
        if ('message' in captured) texts.push(captured.message.subject, captured.message.text)
      },
    },
    new AbortController().signal,
  )
  return { run, texts }
}

const event = (data: object): TestGiven => ({ event: { type: 'campaign.ended', data: data as never } })

/** What the upload and the mail are expected to be. */
const delivered = (region: string, fileName: string | RegExp, rows: number) => [
  { place: `/outbound/${region}`, fileName },
  { attachments: [{ fileName, rows }] },
]

t.test('every type reaches the query as what it is, and names, folder and mail', async (t) => {
  const data = { campaign: { id: 'C-1', name: 'Spring', region: 'dallas' }, day: '2026-11-20' }
  const all = await rehearseEnded(event(data))
  t.match(all.run, { outcome: 'succeeded', note: String })
  t.match(all.run?.deliveries, delivered('dallas', 'dallas_2026-11-20_5.csv', 2))
  t.same(all.texts, ['Spring: dallas 5', 'until for ever, C-1'])
  const some = await rehearseEnded(event({ ...data, until: '2026-11-20T08:00:00-06:00', least: 6 }))
  t.match(some.run?.deliveries, delivered('dallas', /_6\.csv$/, 0))
  const early = await rehearseEnded(event({ ...data, until: '2026-11-20T08:00:00-06:00' }))
  const name = 'dallas_2026-11-20_2026-11-20T14-00-00.000Z_5.csv'
  t.match(early.run?.deliveries, delivered('dallas', name, 1))
})

t.test('a condition reads a parameter by its type', async (t) => {
  const data = { campaign: { id: 'C-1', region: 'dallas' }, day: '2026-11-20', isTest: 'true' }
  const { run } = await rehearseEnded(event(data))
  t.match(run, { outcome: 'succeeded', path: ['is-real'], deliveries: [] })
})

t.test('what is not given is made up to fit, and what does not fit starts nothing', async (t) => {
  t.match((await rehearseEnded({})).run, { outcome: 'succeeded' })
  const { run } = await rehearseEnded({ parameters: { region: 'tampa' } })
  t.match(run?.deliveries[0], { place: '/outbound/tampa' })
  t.match((await rehearseEnded(event({ day: '2026-11-20' }))).run, {
    outcome: 'skipped',
    note: /^the event is refused: parameter region \(text, required, one of dallas, tampa\) is missing$/,
    path: [],
  })
})
