import '../../fakes/clean-children.ts'
import { readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { rehearsal as parts } from '../../../engine/app.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import type { StepType } from '../../../engine/core/contracts/step.ts'
import type { TestGiven } from '../../../engine/core/manifest.ts'
import type { JobId, Snapshot } from '../../../engine/core/model.ts'
import { testJob } from '../../../engine/runtime/job-tests.ts'
import type { SentFile, SentMail } from '../../../engine/runtime/rehearsal/recorder.ts'
import { compareRun } from '../../../engine/runtime/rehearsal/verdict.ts'
import {
  type RehearsalParts,
  type RehearsalRequest,
  type Rehearsed,
  rehearse,
} from '../../../engine/runtime/rehearsal.ts'
import { createManualClock } from '../../fakes/clock.ts'
import { sha256Of } from '../../fakes/endpoints.ts'
import { testFile } from '../../fakes/small-repository.ts'
import { editSmall, load, readFolder } from '../config/golden.ts'

const root = new URL('../../..', import.meta.url).pathname
const tree = await readFolder(root)
const example = load(tree, { standard: tree })
const never = new AbortController().signal

function snapshotOf(job: string): Snapshot {
  const compiled = compileJob(example, job as JobId)
  if ('problem' in compiled) throw new Error(compiled.problem.message)
  return compiled.snapshot
}

function rehearseJob(
  job: string,
  given: TestGiven,
  more: Partial<RehearsalRequest & { parts: Partial<RehearsalParts>; signal: AbortSignal }> = {},
): Promise<Rehearsed[]> {
  const request: RehearsalRequest = {
    snapshot: snapshotOf(job),
    revision: 'r',
    given,
    data: { kind: 'made-up', rows: 2 },
    ...more,
  }
  return rehearse({ ...parts, ...more.parts }, request, more.signal ?? never)
}

/** Lets temporary folders be made where the test sees them; returns what lies there. */
function watchTemporary(t: Test): () => string[] {
  const folder = t.testdir({})
  const before = process.env.TMPDIR
  process.env.TMPDIR = folder
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })
  return () => readdirSync(folder)
}

t.test('a run goes through the real steps, and what it delivers is seen with its bytes', async (t) => {
  const captured: string[] = []
  const given = { slot: '2026-11-20T18:30', callCenter: 'dallas' }
  const capture: RehearsalRequest['capture'] = async (each) => {
    captured.push('localPath' in each ? readFileSync(each.localPath, 'utf8') : String(Buffer.from(each.mime)))
  }
  const [run, ...others] = await rehearseJob('acme/eod-call-detail', given, { capture })
  t.same(others, [], 'one call center is one run')
  t.match(run, {
    callCenter: 'dallas',
    slot: '2026-11-21T00:30:00.000Z',
    outcome: 'succeeded',
    path: ['build', 'upload', 'whose', 'mail-dallas'],
    alert: false,
    edges: [
      'build onSuccess -> upload',
      'upload onSuccess -> whose',
      'whose onSuccess -> mail-dallas',
      /end$/,
    ],
  })
  const [file, mail] = run!.deliveries as [SentFile, SentMail]
  t.match(file, {
    step: 'upload',
    type: 'sftp',
    place: '/outbound/reports/acme_dallas_20261119.csv',
    rows: 2,
  })
  t.equal(file.sha256, sha256Of(captured[0]!), 'the digest is that of the bytes')
  t.match(captured[0], /^Call ID,.*\nCall ID 1,acme,dallas,.*\nCall ID 2,acme,dallas,.*\n$/)
  t.match(mail, {
    to: ['dallas@acme.example'],
    attachments: [{ sha256: file.sha256, size: file.size, rows: 2 }],
  })
  t.match(captured[1], /^Date: Sat, 21 Nov 2026 00:30:00 \+0000$/m, 'the clock stands at the slot')
  t.match(captured[1], /^Content-Disposition: attachment; filename=acme_dallas_20261119.csv/m)
})

t.test('without a call center there is one run for each, on the same targets', async (t) => {
  const runs = await rehearseJob('acme/eod-call-detail', {})
  t.same(
    runs.map(({ callCenter, slot, outcome }) => [callCenter, slot, outcome]),
    [
      ['dallas', '2026-01-03T00:30:00.000Z', 'succeeded'],
      ['tampa', '2026-01-03T00:30:00.000Z', 'succeeded'],
    ],
    'the default slot is the first one of 2026 that the calendar does not skip',
  )
  const snapshot = structuredClone(snapshotOf('acme/eod-call-detail'))
  const [build] = snapshot.manifest.steps
  if (build?.type === 'report') build.fileName = 'same.csv'
  const [first, second] = await rehearseJob('acme/eod-call-detail', {}, { snapshot })
  t.equal(first?.outcome, 'succeeded')
  t.match(second, { outcome: 'failed', note: /^FILE_EXISTS: .*same.csv/ }, 'a name that collides is found')
})

t.test('given failures are tried as often as the step says, without waiting, and told', async (t) => {
  const given: TestGiven = { callCenter: 'dallas', steps: { upload: { fails: 'ENDPOINT_UNREACHABLE' } } }
  const [run] = await rehearseJob('acme/eod-call-detail', given)
  t.match(run, { outcome: 'failed', alert: true })
  t.same(run?.deliveries, [])
  t.match(run?.steps, [
    { name: 'build', attempts: 1 },
    { name: 'upload', attempts: 5, error: { code: 'ENDPOINT_UNREACHABLE' } },
  ])
  const refused: TestGiven = { callCenter: 'dallas', steps: { whose: { ok: false } } }
  const [other] = await rehearseJob('acme/eod-call-detail', refused)
  t.same(other?.path, ['build', 'upload', 'whose', 'mail-tampa'], 'a condition can be given')
})

t.test('what does not start the job starts nothing, and says why', async (t) => {
  const cases: [string, TestGiven, RegExp][] = [
    [
      'acme/eod-call-detail',
      { slot: '2026-11-26T18:30', callCenter: 'dallas' },
      /weekdays skips it: .*Thanksgiving/,
    ],
    ['acme/campaign-result', { event: { type: 'campaign.paused' } }, /campaign.paused/],
    [
      'acme/campaign-upload',
      { file: { name: 'a.csv.part' } },
      /a.csv.part is not taken from \/acme\/campaigns/,
    ],
    ['acme/campaign-upload', { file: { name: 'a.csv', folder: '/other' } }, /\/other is none/],
  ]
  for (const [job, given, note] of cases) {
    const [run] = await rehearseJob(job, given)
    t.match(run, { outcome: 'skipped', path: [], deliveries: [], note })
  }
})

t.test('a moment that is no slot of the job is a run by hand', async (t) => {
  const [run] = await rehearseJob('acme/eod-call-detail', {
    slot: '2026-11-20T09:00:00Z',
    callCenter: 'tampa',
  })
  t.match(run, { outcome: 'succeeded', slot: '2026-11-20T09:00:00.000Z' })
  await t.rejects(rehearseJob('acme/eod-call-detail', { slot: '2026-02-30T09:00' }), { code: 'BAD_REQUEST' })
})

t.test('a posted file can be moved once, from where it lies', async (t) => {
  const [run] = await rehearseJob('borealis/campaign-upload', {
    slot: '2026-11-20T08:00',
    file: { name: 'a.txt' },
  })
  t.match(run, {
    outcome: 'succeeded',
    deliveries: [{ type: 's3', place: 'uploads/a.txt', rows: null }],
    moves: [{ from: '/borealis/campaigns/a.txt', to: '/borealis/loaded/20261120-080000_a.txt' }],
  })
})

/** The same steps but for one type, which does something else. */
function playing(type: string, run: StepType['run']): Partial<RehearsalParts> {
  return { steps: parts.steps.map((each) => (each.type === type ? { ...each, run } : each)) }
}

t.test('the time limit of a step passes in real time', async (t) => {
  const clock = createManualClock('2026-01-01T00:00:00Z')
  const hang = playing('cloud-copy', (_, { signal }) => {
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  const given = { steps: {} }
  const running = rehearseJob('borealis/campaign-upload', given, { parts: { ...hang, clock } })
  for (let attempts = 0; attempts < 5; attempts++) {
    await clock.asleep()
    await clock.advance(10 * 60_000)
  }
  const [run] = await running
  t.match(run, { outcome: 'failed', steps: [{ attempts: 5, error: { code: 'STEP_TIMEOUT' } }] })
})

t.test('nothing stays in the temporary folder, however it ends', async (t) => {
  const left = watchTemporary(t)
  let seen: string[] = []
  const capture = async () => {
    seen = left()
  }
  await rehearseJob('cobalt/eod-call-detail', {}, { capture })
  t.equal(seen.length, 1, 'there is one while it runs')
  t.same(left(), [])

  const broken = playing('ftp-out-copy', () => Promise.reject(new TypeError('a slip')))
  await t.rejects(rehearseJob('cobalt/eod-call-detail', {}, { parts: broken }), /a step met a bug:\n.*a slip/)
  t.same(left(), [])

  const stop = new AbortController()
  const stopping = playing('ftp-out-copy', async (_, { signal }) => {
    stop.abort(new Error('interrupted'))
    signal.throwIfAborted()
    return { ok: true, note: '' }
  })
  await t.rejects(
    rehearseJob('cobalt/eod-call-detail', {}, { parts: stopping, signal: stop.signal }),
    /interrupted/,
  )
  t.same(left(), [])
})

const sent: Rehearsed['deliveries'] = [
  {
    step: 'a',
    type: 's3',
    connection: 's3',
    place: 'x/1.csv',
    fileName: '1.csv',
    rows: 1,
    size: 9,
    sha256: '',
  },
  {
    step: 'a',
    type: 's3',
    connection: 's3',
    place: 'x/2.csv',
    fileName: '2.csv',
    rows: 2,
    size: 9,
    sha256: '',
  },
  {
    ...{ step: 'b', type: 'smtp', connection: 'mail', to: ['p@acme.example'], cc: [], bcc: [], subject: 'S' },
    ...{ attachments: [], fileName: null, rows: null },
  },
]
const run: Rehearsed = {
  ...{
    callCenter: null,
    slot: '',
    outcome: 'succeeded',
    note: 'done',
    path: ['a', 'b'],
    steps: [],
    edges: [],
  },
  ...{ alert: false, deliveries: sent, moves: [{ step: 'm', connection: 'c', from: '/a', to: '/b' }] },
  deletions: [{ step: 'm', connection: 'c', path: '/c' }],
  notices: [{ step: 'n', to: 'job', recipients: ['p@acme.example'], level: 'info', message: 'Hello.' }],
}

t.test('expectations that hold give no difference, whatever the order of deliveries', async (t) => {
  const deliveries = [
    { step: 'b', to: ['p@acme.example'] },
    { step: 'a', rows: 2 },
    { step: 'a', rows: 1 },
  ]
  const moves = [{ from: '/a', to: '/b' }]
  t.same(compareRun({ path: ['a', 'b'], outcome: 'succeeded', alert: false, deliveries, moves }, run), [])
  t.same(compareRun({ deliveries: [{ step: 'b' }], noOtherDeliveries: false }, run), [])
  const notices = [{ step: 'n', to: 'job' as const, recipients: ['p@acme.example'], message: 'Hello.' }]
  t.same(compareRun({ deletions: ['/c'], notices }, run), [])
})

t.test('each difference says what was expected and what came', async (t) => {
  t.same(compareRun({ path: ['a'], outcome: 'failed', alert: true, moves: [] }, run), [
    { pointer: '/path', what: 'path', expected: 'a', got: 'a > b' },
    { pointer: '/outcome', what: 'outcome', expected: 'failed', got: 'succeeded (done)' },
    { pointer: '/alert', what: 'alert', expected: 'the operators are told', got: 'nobody is told' },
    { pointer: '/moves', what: 'moves', expected: 'none', got: '/a -> /b' },
  ])
  t.same(compareRun({ deletions: ['/d'], notices: [{ step: 'n', message: 'Bye.' }, { step: 'n' }] }, run), [
    { pointer: '/deletions', what: 'deletions', expected: '/d', got: '/c' },
    { pointer: '/notices/0/message', what: 'n: message', expected: 'Bye.', got: 'Hello.' },
    { pointer: '/notices/1', what: 'notice', expected: 'step n', got: 'none' },
  ])
  t.same(compareRun({ notices: [] }, run), [
    { pointer: '/notices', what: 'notice', expected: 'no other notice', got: 'step n: Hello.' },
  ])
  t.same(
    compareRun(
      {
        deliveries: [
          { step: 'a', rows: 2 },
          { step: 'b', to: ['q@acme.example'], rows: 1 },
        ],
      },
      run,
    ),
    [
      {
        ...{ pointer: '/deliveries/1/to', what: 'b: to' },
        ...{ expected: 'q@acme.example', got: 'p@acme.example' },
      },
      { pointer: '/deliveries/1/rows', what: 'b: rows', expected: '1', got: 'nothing' },
      {
        ...{ pointer: '/deliveries', what: 'delivery', expected: 'no other delivery' },
        got: 'step a to s3 x/1.csv',
      },
    ],
  )
  t.match(compareRun({ deliveries: [{ step: 'a' }, { step: 'a' }, { step: 'a' }, { step: 'b' }] }, run), [
    { pointer: '/deliveries/2', expected: 'step a', got: 'none by that step' },
  ])
})

t.test('the edges that tests walk are counted once, the others are named', async (t) => {
  const tests = testFile(`
  - { name: all of it, given: { callCenter: dallas }, expect: { outcome: succeeded } }
  - { name: the same, given: { callCenter: tampa }, expect: { outcome: succeeded } }
  - { name: no rows, given: { callCenter: tampa, steps: { build: { rows: 0 } } }, expect: { outcome: skipped } }
`)
  const file = 'jobs.d/acme/eod.test.yaml'
  const config = load(editSmall({ [file]: tests }))
  const report = await testJob(parts, config, 'acme/eod', file, never)
  t.same(
    report.tests.map(({ name, line, passed }) => [name, line, passed]),
    [
      ['all of it', 6, true],
      ['the same', 7, true],
      ['no rows', 8, true],
    ],
  )
  t.same(report.coverage, {
    walked: [
      'build onEmpty -> end',
      'build onSuccess -> upload',
      'upload onSuccess -> mail',
      'mail onSuccess -> end',
    ],
    missed: ['build onFailure -> fail', 'upload onFailure -> fail', 'mail onFailure -> fail'],
  })
})
