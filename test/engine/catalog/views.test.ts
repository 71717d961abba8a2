import t from 'tap'
import type { JobView } from '../../../engine/catalog/job-view.ts'
import { explainError, nameConnection, redactAddress } from '../../../engine/catalog/redact.ts'
import { type ClientInput, type ClientView, clientView } from '../../../engine/catalog/views.ts'
import { errorTable } from '../../../engine/core/errors.ts'
import { acme, borealisWorld, now, reportSteps, runOf, snapshotOf } from '../../fixtures/catalog.ts'
import {
  billing,
  campaignEnd,
  disabled,
  endOfDay,
  posted,
  runs,
  snapshots,
} from '../../fixtures/catalog-acme.ts'

const input: ClientInput = {
  client: acme,
  snapshots,
  runs,
  facts: null,
  versions: new Map(),
  now,
  invalid: [],
}

function viewOf(name: string, change: Partial<ClientInput> = {}): JobView {
  return clientView({ ...input, ...change }).job(name)
}

t.test('jobs, triggers and steps carry the names of the platform', async (t) => {
  const types = snapshots.map(({ manifest }) => [manifest.name, viewOf(manifest.name).trigger.type])
  t.strictSame(types, [
    ['eod-call-detail', 'Scheduled'],
    ['monthly-billing', 'Scheduled'],
    ['campaign-summary', 'Campaign'],
    ['ftp-in', 'FTPin'],
    ['intraday-agents', 'Scheduled'],
    ['legacy-export', 'Scheduled'],
    ['dispute-lookup', 'Manual'],
  ])
  const steps = viewOf('monthly-billing').steps.map(({ name, type, nextSuccess, nextFailure }) => {
    return [name, type, nextSuccess, nextFailure]
  })
  t.strictSame(steps, [
    ['usage', 'Report', 'is-large', 'Fail'],
    ['is-large', 'Condition', 'to-cloud', 'mail'],
    ['mail', 'Email', 'End', 'to-cloud'],
    ['to-cloud', 'Copy to Cloud Object Storage', 'End', 'Fail'],
  ])
  t.same(
    viewOf('eod-call-detail').steps.map(({ type }) => type),
    ['Report', 'FTPOutCopy', 'Email', 'Email'],
  )
  t.equal(viewOf('ftp-in').steps[0]?.type, 'Move File')
})

t.test('jobs are in the order of their titles and say scope, category and call centers', async (t) => {
  const titles = clientView(input).jobs.map(({ title }) => title)
  t.same(titles, [...titles].sort())
  const { scope, category, callCenters } = viewOf('eod-call-detail')
  t.same(
    { scope, category, callCenters },
    {
      scope: 'Call center',
      category: 'Call',
      callCenters: ['Dallas', 'Tampa', 'Boise'],
    },
  )
  t.equal(viewOf('ftp-in').category, 'Files')
})

t.test('step details say what goes where, with masked recipients and titles of connections', async (t) => {
  const [build, upload, mail] = viewOf('eod-call-detail').steps.map(({ details }) =>
    Object.fromEntries(details.map(({ label, value }) => [label, value])),
  )
  t.match(build, { Report: 'Call Detail', Period: 'The latest complete day', Format: 'CSV' })
  t.equal(build?.['File name'], 'acme_{callCenter}_{period.end:yyyyMMdd}.csv')
  t.match(upload, { Files: 'Files of build', Destination: 'Acme Care SFTP site', Folder: '/outbound/acme' })
  t.equal(mail?.To, 'j***@acme.example, f***@acme.example')
  t.equal(mail?.['Copy to'], 'q***@acme.example')
  t.notMatch(JSON.stringify(mail), /a\*\*\*/, 'a hidden copy stays hidden')
})

t.test('the next execution follows schedules, days off and zones', async (t) => {
  t.equal(viewOf('eod-call-detail').next?.text, 'Mon 23 Nov 2026, 18:30')
  t.equal(viewOf('monthly-billing').next?.text, 'Tue 1 Dec 2026, 06:00')
  t.match(viewOf('eod-call-detail').schedules, [
    { name: 'weekdays', words: 'Monday to Friday at 18:30', timezone: 'America/Chicago' },
    { name: 'weekend', words: 'Saturday and Sunday at 09:00', timezone: 'America/New_York' },
  ])
  t.equal(viewOf('eod-call-detail').trigger.words[1], 'Saturday and Sunday at 09:00 (America/New_York)')
  const beforeThanksgiving = viewOf('eod-call-detail', { now: '2026-11-26T01:00:00.000Z' })
  t.equal(beforeThanksgiving.next?.text, 'Fri 27 Nov 2026, 18:30', 'the holiday is passed over')
  const weekend = viewOf('eod-call-detail', { now: '2026-11-28T02:00:00.000Z' })
  t.equal(weekend.next?.text, 'Sat 28 Nov 2026, 08:00', 'in the zone of the client')
  t.equal(weekend.schedules[1]?.next?.text, 'Sat 28 Nov 2026, 09:00', "in the schedule's own zone")
})

t.test('a job that nothing plans says what it waits for', async (t) => {
  const waiting = (name: string) => [viewOf(name).next, viewOf(name).trigger.waitsFor]
  t.strictSame(waiting('legacy-export'), [null, 'Disabled'])
  t.strictSame(waiting('campaign-summary'), [null, 'At the next campaign end'])
  t.strictSame(waiting('ftp-in'), [null, 'At the next file'])
  t.strictSame(waiting('dispute-lookup'), [null, 'On request'])
  t.strictSame(viewOf('legacy-export').schedules[0]?.next, null)
})

t.test('the last execution counts the worst of its call centers', async (t) => {
  t.match(viewOf('eod-call-detail').last, {
    outcome: { label: 'Failed', tone: 'bad' },
    at: { text: 'Fri 20 Nov 2026, 18:30' },
    share: '2 of 3 call centers succeeded',
  })
  t.match(viewOf('monthly-billing').last, { outcome: { label: 'Succeeded' }, share: '' })
  t.equal(viewOf('dispute-lookup').last, null)
})

t.test('history shows the newest 20 runs with the result of every step', async (t) => {
  const job = viewOf('eod-call-detail')
  t.equal(runs.filter((run) => run.job === endOfDay.job).length, 24)
  t.equal(job.runs.length, 20)
  const [good, bad] = job.runs
  t.match(good, {
    outcome: { label: 'Succeeded' },
    callCenter: 'Dallas',
    period: 'Thu 19 Nov 2026',
    startedBy: 'Schedule weekdays',
    duration: '14 s',
  })
  t.equal(good?.steps[0]?.result, '1,935 rows.')
  t.match(good?.steps[1]?.deliveries, [
    {
      fileName: 'acme_dallas_20261119.csv',
      size: '284 kB',
      destination: 'to Acme Care SFTP site',
      state: { label: 'Delivered' },
    },
  ])
  t.match(good?.steps[2]?.deliveries, [{ destination: 'by e-mail', state: { label: 'Sent' } }])
  t.match(bad?.steps[1], {
    outcome: { tone: 'bad' },
    result: 'The other side could not be reached.',
    next: 'tell',
  })
  t.match(bad?.steps[2]?.deliveries, [{ state: { label: 'Being checked' } }])
})

t.test('a run that waits for files says until when at most, and nothing of where', async (t) => {
  const wait = {
    name: 'build',
    type: 'wait-for-file' as const,
    connection: 'acme-sftp',
    path: '/secret',
    match: '*.csv',
    timeout: '4h',
    onMissing: 'fail' as const,
    onSuccess: 'end',
    onFailure: 'fail',
  }
  const manifest = { ...billing.manifest, steps: [wait] }
  const waiting = { ...billing, manifest }
  const slot = '2026-11-22T10:00:00.000Z'
  const made = runOf({ snapshot: waiting, slot, state: 'running', steps: [{ name: 'build', next: 'end' }] })
  const step = {
    ...made.steps[0]!,
    outcome: 'running' as const,
    note: 'waits for acme-sftp:/secret',
    next: null,
  }
  const others = snapshots.filter(({ job }) => job !== billing.job)
  const view = viewOf('monthly-billing', {
    snapshots: [...others, waiting],
    runs: [{ ...made, steps: [step] }],
  })
  t.match(view.runs[0]?.steps[0]?.result, /^Waits for the files, at most until Sun 22 Nov 2026, \d\d:\d\d\.$/)
  t.notMatch(JSON.stringify(view.runs), 'secret')
})

t.test('a run says what started it', async (t) => {
  t.equal(viewOf('campaign-summary').runs[0]?.startedBy, 'Campaign Autumn win-back')
  t.equal(viewOf('ftp-in').runs[0]?.startedBy, 'File winter-renewal.csv')
  const byHand = runOf({ snapshot: billing, slot: now, type: 'manual', steps: [] })
  t.equal(viewOf('monthly-billing', { runs: [byHand] }).runs[0]?.startedBy, 'Request')
  const flat = runOf({ snapshot: campaignEnd, slot: now, event: { campaignId: 'c-9' }, steps: [] })
  t.equal(viewOf('campaign-summary', { runs: [flat] }).runs[0]?.startedBy, 'Campaign c-9')
})

t.test('a condition that was false is no failure', async (t) => {
  const [step] = viewOf('monthly-billing').runs[0]?.steps.slice(1, 2) ?? []
  t.match(step, { outcome: { label: 'False', tone: 'quiet' }, next: 'mail', result: '' })
})

t.test('another client, and a dry run, is as if it were not there', async (t) => {
  const [foreign] = borealisWorld.runs
  const [theirs] = borealisWorld.snapshots
  if (foreign === undefined || theirs === undefined) throw new Error('the fixture lacks a run')
  const alike = snapshotOf({ client: { ...acme, name: 'acme-labs' }, name: 'x', title: 'X', steps: [] })
  const view = clientView({
    ...input,
    snapshots: [
      ...snapshots,
      theirs,
      alike,
      { ...theirs, job: 'acme/stolen' },
      { ...posted, job: 'borealis/ftp-in' },
      { ...posted, job: 'acme-labs/ftp-in' },
    ],
    runs: [
      { ...foreign, job: posted.job },
      { ...foreign, client: 'acme' },
      { ...runOf({ snapshot: posted, slot: now, steps: [] }), dryRun: true },
      ...runs,
    ],
  })
  const whole = (shown: ClientView) => JSON.stringify([shown, shown.jobs.map(({ name }) => shown.job(name))])
  t.equal(whole(view), whole(clientView(input)))
})

t.test('an invalid job shows the version that runs, one that never was valid is not shown', async (t) => {
  const invalid: ClientInput['invalid'] = [
    { job: 'acme/monthly-billing', message: 'jobs.d/acme/monthly-billing.yaml:3:1: unknown key' },
    { job: 'acme/never-valid', message: 'broken' },
    { job: 'borealis/card-desk-calls', message: 'broken' },
  ]
  const view = clientView({ ...input, invalid })
  t.same(
    view.jobs
      .map(({ name }) => view.job(name))
      .flatMap(({ name, isChangePending }) => (isChangePending ? [name] : [])),
    ['monthly-billing'],
  )
  t.equal(view.jobs.length, snapshots.length)
  const pages = view.jobs.map(({ name }) => view.job(name))
  t.notMatch(JSON.stringify([view, pages]), /unknown key|broken|never-valid/)
})

t.test("the version is the running snapshot's, never the repository's revision", async (t) => {
  t.equal(viewOf('legacy-export').version, disabled.digest.slice(0, 12))
})

t.test('an address keeps its first character and its domain only', async (t) => {
  t.equal(redactAddress('jane.doe@acme.example'), 'j***@acme.example')
  t.equal(redactAddress('j@acme.example'), 'j***@acme.example')
  t.equal(redactAddress('"a@b"@acme.example'), '"***@acme.example')
  t.equal(redactAddress('no address'), '***')
  t.equal(redactAddress('@acme.example'), '***')
})

t.test('every error becomes a sentence without details', async (t) => {
  for (const [code, { message }] of Object.entries(errorTable)) {
    const sentence = explainError(code)
    t.match(sentence, /^[A-Z][^{}]+\.$/, code)
    t.not(sentence, message)
  }
  t.equal(explainError('SECRET_MISSING'), 'The step could not be completed.')
  t.equal(explainError('constructor'), 'The step could not be completed.')
})

t.test('a connection without a title is shown by name, an unknown one too', async (t) => {
  t.equal(nameConnection(billing.connections, 'acme-cloud'), 'acme-cloud')
  t.equal(nameConnection(billing.connections, 'constructor'), 'constructor')
})

t.test('a step type that the catalog does not know shows its name and no details', async (t) => {
  const [report] = reportSteps(acme, 'jane.doe@acme.example')
  const step = { ...report, type: 'zip-encrypt', passphrase: 'hunter2', onSuccess: 'end' }
  const snapshot = snapshotOf({ client: acme, name: 'new', title: 'New', steps: [step as never] })
  t.strictSame(viewOf('new', { snapshots: [snapshot] }).steps, [
    { name: 'build', type: 'zip-encrypt', nextSuccess: 'End', nextFailure: 'Fail', details: [] },
  ])
})
