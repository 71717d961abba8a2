import t from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { MailData } from '../../../engine/core/mail-data.ts'
import type { RunDetail, Step } from '../../../engine/core/model.ts'
import { requestRerun, requestResend } from '../../../engine/runtime/repeat-requests.ts'
import { allSteps, createRepeatStage, mail, upload, withSteps } from '../../fakes/repeat-stage.ts'

const ana = { who: 'ana', why: 'they lost it' }
const statesOf = (run: RunDetail) =>
  run.steps.flatMap((step) => step.deliveries.map(({ target, state }) => `${state} ${target}`))
const dataOf = ({ html }: { html: string }) => JSON.parse(html) as MailData

t.test('a resend sends the stored bytes to the same targets, and renders nothing', async (t) => {
  const { run, repeats, runDetail, sftp, bucket, mailer, state } = createRepeatStage(t)
  const original = await run()
  const path = `/out/${original.id}/calls-2026-11-22.csv`
  t.equal(original.state, 'succeeded')
  sftp.files.delete(path)
  bucket.objects.clear()
  // What is in force by now, or in the data, is nothing to a resend; nor does the job have to be there.
  state.snapshot = undefined
  state.text = 'other\n'
  const again = await runDetail(await repeats.resend({ run: original.id, ...ana }))
  t.equal(again.state, 'succeeded')
  t.same(
    again.steps.map(({ name }) => name),
    ['upload', 'store', 'mail'],
    'only what delivers, in order',
  )
  t.same(statesOf(again), statesOf(original), 'under the names with the id of the original run')
  t.equal(state.rendered, 1)
  t.equal(String(sftp.files.get(path)?.bytes), 'one\n')
  t.equal(bucket.objects.size, 1)
  const [first, second] = mailer.mails
  t.equal(mailer.mails.length, 2)
  t.not(second?.messageId, first?.messageId, 'another mail')
  t.same(second?.headers, { ...first?.headers, 'X-Jobsd-Resend': original.id })
  t.notOk(first?.headers && 'X-Jobsd-Resend' in first.headers)
  t.equal(second?.date.toISOString(), again.startedAt)
  t.same(second?.contents, first?.contents)
  t.equal(second?.html, first?.html, 'filled with the facts of the original run')
  t.match(again, {
    snapshot: original.snapshot,
    revision: 'first',
    origin: { kind: 'resend', runId: original.id },
  })
})

t.test('what a target holds already is not sent again; anything else there is replaced', async (t) => {
  const { run, repeats, runDetail, sftp, bucket } = createRepeatStage(t, allSteps.slice(0, 3))
  const original = await run()
  const [path = ''] = sftp.files.keys()
  sftp.calls.length = 0
  bucket.calls.length = 0
  const same = await runDetail(await repeats.resend({ run: original.id, ...ana }))
  t.same(statesOf(same), statesOf(original))
  t.same(
    [...sftp.calls, ...bucket.calls].filter((call) => call.startsWith('put')),
    [],
  )
  t.match(same.steps[0]?.deliveries[0]?.note, /same bytes/)

  sftp.drop(path, 'half')
  bucket.objects.set('calls-2026-11-22.csv', { bytes: Buffer.from('half'), mediaType: 'text/csv' })
  const replaced = await runDetail(await repeats.resend({ run: original.id, ...ana }))
  t.equal(replaced.state, 'succeeded', 'although the steps do not overwrite by themselves')
  t.equal(String(sftp.files.get(path)?.bytes), 'one\n')
  t.equal(String(bucket.objects.get('calls-2026-11-22.csv')?.bytes), 'one\n')
})

t.test('targets are named in full or by a part that is theirs alone', async (t) => {
  const { run, repeats, runDetail, mailer, sftp, state } = createRepeatStage(t)
  const original = await run()
  sftp.files.clear()
  const id = await repeats.resend({ run: original.id, targets: ['mail:mail:ops@acme.example'], ...ana })
  t.same(statesOf(await runDetail(id)), ['confirmed mail:mail:ops@acme.example'])
  t.equal(sftp.files.size, 0)
  await repeats.resend({ run: original.id, targets: ['sftp', 'ops@'], ...ana })
  t.equal(sftp.files.size, 1)
  t.equal(mailer.mails.length, 3)
  const wrong = (targets: string[]) => repeats.resend({ run: original.id, targets, ...ana })
  await t.rejects(wrong(['acme']), {
    code: 'BAD_REQUEST',
    message: `"acme" is not one target alone; it has sftp:acme-sftp:/out/${original.id}/calls-2026-11-22.csv and s3:acme-s3:calls-2026-11-22.csv and mail:mail:ops@acme.example`,
  })
  await t.rejects(wrong(['ftps:']), { message: /"ftps:" is no target of the run; it has / })
  t.equal(state.rendered, 1)
})

t.test(
  'of a step with several files only those of the named targets are sent, and have to be whole',
  async (t) => {
    const second = { ...allSteps[0], name: 'second' } as Step
    const both = { ...upload, from: ['build', 'second'] } as Step
    const { run, repeats, runDetail, sftp, damage } = createRepeatStage(t, [
      allSteps[0] as Step,
      second,
      both,
    ])
    const original = await run()
    t.equal(sftp.files.size, 2)
    sftp.files.clear()
    damage(original.files.find(({ step }) => step === 'build')!.sha256)
    const again = await runDetail(await repeats.resend({ run: original.id, targets: ['second-'], ...ana }))
    t.same(statesOf(again), [`confirmed sftp:acme-sftp:/out/${original.id}/second-2026-11-22.csv`])
    t.match(again.steps[0]?.note, /second-2026-11-22.csv copied/)
    t.equal(sftp.files.size, 1)
    await t.rejects(repeats.resend({ run: original.id, ...ana }), { code: 'ARTIFACT_DAMAGED' })
  },
)

t.test('a run that came to no delivery has nothing to send again', async (t) => {
  const { run, repeats, state } = createRepeatStage(t)
  state.snapshot = withSteps([{ ...allSteps[0], report: 'x' } as Step])
  const original = await run()
  await t.rejects(repeats.resend({ run: original.id, ...ana }), { message: /it came to no delivery/ })
})

t.test('not one byte is sent if one stored byte is wrong', async (t) => {
  const { run, repeats, sftp, mailer, damage, ledger } = createRepeatStage(t)
  const original = await run()
  sftp.files.clear()
  damage(original.files[0]!.sha256)
  await t.rejects(repeats.resend({ run: original.id, ...ana }), { code: 'ARTIFACT_DAMAGED' })
  await t.rejects(repeats.resend({ run: original.id, targets: ['mail:'], ...ana }), {
    code: 'ARTIFACT_DAMAGED',
  })
  t.equal(sftp.files.size, 0)
  t.equal(mailer.mails.length, 1)
  t.equal((await ledger.runs({ limit: 10 })).length, 1, 'nor is a run recorded')
  t.same(await ledger.actions({ limit: 10 }), [])
})

t.test('a resend settles a doubt', async (t) => {
  const { run, repeats, runDetail, mailer } = createRepeatStage(t)
  const { answer } = mailer
  mailer.answer = () => {
    throw new JobsdError('MAIL_IN_DOUBT', { connection: 'mail' })
  }
  const original = await run()
  t.match(
    statesOf(original),
    ['confirmed', 'confirmed', 'in-doubt mail:mail:ops@acme.example'].map((text) => new RegExp(text)),
  )
  mailer.answer = answer
  const id = await repeats.resend({ run: original.id, targets: ['mail:'], ...ana })
  t.equal((await runDetail(id)).state, 'succeeded')
  t.equal(mailer.mails.length, 2)
  const [doubt] = (await runDetail(original.id)).steps.at(-1)?.deliveries ?? []
  t.equal(doubt?.state, 'in-doubt', 'nobody will ever know')
  t.match(doubt?.note, new RegExp(`; ana has it sent again by run ${id}$`))
  const others = (await runDetail(original.id)).steps.flatMap((step) => step.deliveries).slice(0, 2)
  for (const { note } of others) t.notMatch(note, /sent again/)
})

t.test('a resend ends at the first target that fails, and can be sent once more itself', async (t) => {
  const { run, repeats, runDetail, sftp, mailer, bucket } = createRepeatStage(t)
  const original = await run()
  bucket.before = () => {
    throw new JobsdError('TARGET_REFUSED', { connection: 'acme-s3', path: 'x', reason: 'no' })
  }
  const failed = await runDetail(await repeats.resend({ run: original.id, ...ana }))
  t.equal(failed.state, 'failed')
  t.same(
    failed.steps.map(({ name, outcome }) => `${name} ${outcome}`),
    ['upload succeeded', 'store failed'],
  )
  t.equal(mailer.mails.length, 1)
  bucket.before = () => undefined
  sftp.files.clear()
  const again = await runDetail(await repeats.resend({ run: failed.id, ...ana }))
  t.same(statesOf(again), statesOf(original).slice(0, 2), 'under the names of the first run')
})

t.test('a resend of some targets, sent once more, goes to those alone', async (t) => {
  const { run, repeats, runDetail, mailer } = createRepeatStage(t)
  const original = await run()
  const [target = ''] = original.steps.flatMap((step) => step.deliveries.map((each) => each.target))
  const some = await runDetail(await repeats.resend({ run: original.id, targets: [target], ...ana }))
  const mails = mailer.mails.length
  const again = await runDetail(await repeats.resend({ run: some.id, ...ana }))
  t.same(
    again.steps.flatMap((step) => step.deliveries.map((each) => each.target)),
    [target],
  )
  t.equal(mailer.mails.length, mails)
})

t.test('what cannot be sent again says why', async (t) => {
  const { run, repeats, ledger } = createRepeatStage(t)
  const dry = await run({ dryRun: true })
  await t.rejects(repeats.resend({ run: dry.id, ...ana }), { code: 'BAD_REQUEST', message: /was a dry run/ })
  await t.rejects(repeats.resend({ run: 'nothing', ...ana }), { code: 'RUN_UNKNOWN' })
  const original = await run()
  await t.rejects(repeats.resend({ run: original.id, who: 'ana', why: ' ' }), {
    message: 'why it is must be said',
  })
  const { dryRun, event, schedule, slot, snapshot, revision, job } = original
  const due = {
    dryRun,
    event,
    schedule,
    slot,
    snapshot,
    revision,
    job,
    callCenters: [null],
    file: null,
    group: null,
  }
  const trigger = { type: 'manual', key: 'waits' } as const
  const [waiting = ''] = await ledger.recordDue({ ...due, trigger, firstStep: 'build', now: slot })
  for (const repeat of [repeats.resend, repeats.rerun])
    await t.rejects(repeat({ run: waiting, ...ana }), { message: /has not ended: it is queued/ })
})

t.test('a rerun makes everything anew for the same data, by the version in force', async (t) => {
  const { run, repeats, runDetail, state, mailer, sftp, clock, ledger } = createRepeatStage(t)
  const event = { campaign: { id: 'C-1' } }
  const original = await run({ event, trigger: { type: 'campaign', key: 'c' } })
  await clock.advance(86_400_000)
  state.text = 'two\n'
  state.snapshot = withSteps(
    allSteps.filter(({ name }) => name !== 'store'),
    'e'.repeat(64),
  )
  const again = await runDetail(await repeats.rerun({ run: original.id, ...ana }))
  t.equal(again.state, 'succeeded')
  t.equal(state.rendered, 2)
  t.match(again, {
    slot: original.slot,
    event,
    callCenter: 'dallas',
    revision: 'newest',
    snapshot: 'e'.repeat(64),
  })
  t.match(again.trigger, { type: 'campaign', key: `rerun:${original.id}:2` })
  t.same(
    [...sftp.files].map(([path, { bytes }]) => `${path} ${bytes}`),
    [`/out/${original.id}/calls-2026-11-22.csv one\n`, `/out/${again.id}/calls-2026-11-22.csv two\n`],
    'its deliveries are its own',
  )
  t.not(mailer.mails[1]?.messageId, mailer.mails[0]?.messageId)
  t.same(mailer.mails[1]?.headers, mailer.mails[0]?.headers, 'not marked as sent again')
  t.equal((await ledger.runs({ limit: 10 })).length, 2)
  state.snapshot = undefined
  await t.rejects(repeats.rerun({ run: original.id, ...ana }), { code: 'JOB_UNKNOWN' })
})

t.test('a rerun from a step on takes over what lies before it', async (t) => {
  const { run, repeats, runDetail, state, mailer, sftp } = createRepeatStage(t)
  const original = await run()
  const again = await runDetail(await repeats.rerun({ run: original.id, from: 'mail', ...ana }))
  t.equal(again.state, 'succeeded')
  t.same(
    again.steps.map(({ name }) => name),
    ['mail'],
  )
  t.equal(state.rendered, 1)
  t.equal(sftp.files.size, 1)
  t.same(mailer.mails[1]?.contents, ['one\n'])
  t.match(dataOf(mailer.mails[1]!).steps, { build: { ok: true, rows: 1 }, upload: { ok: true } })
  const third = await runDetail(await repeats.rerun({ run: again.id, from: 'mail', ...ana }))
  t.match(
    dataOf(mailer.mails[2]!).steps,
    { build: { ok: true, rows: 1 } },
    'also of what was taken over twice',
  )
  await repeats.resend({ run: third.id, ...ana })
  t.match(dataOf(mailer.mails[3]!).steps, { build: { ok: true, rows: 1 } })
})

t.test('a rerun from a step on says which file is missing', async (t) => {
  const { run, repeats, state, ledger } = createRepeatStage(t)
  const original = await run()
  const rerun = (from: string) => repeats.rerun({ run: original.id, from, ...ana })
  await t.rejects(rerun('nosuch'), {
    message: 'acme/eod-call-detail has no step nosuch: it has build, upload, store, mail',
  })
  state.snapshot = withSteps([...allSteps, { ...mail, name: 'late', from: 'summary' } as never])
  await t.rejects(rerun('store'), {
    code: 'BAD_REQUEST',
    message: `step late needs a file from summary, and run ${original.id} has no file of step summary`,
  })
  state.snapshot = withSteps([{ ...upload, from: 'trigger' } as never])
  await t.rejects(rerun('upload'), { message: /was started by no file/ })
  t.equal((await ledger.runs({ limit: 10 })).length, 1)
})

t.test('a rerun needs the call center that the run had', async (t) => {
  const { run, repeats, state } = createRepeatStage(t)
  const original = await run()
  const { snapshot } = state
  state.snapshot = { ...snapshot!, manifest: { ...snapshot!.manifest, callCenters: ['tampa'] } }
  await t.rejects(repeats.rerun({ run: original.id, ...ana }), {
    message: /was of call center dallas, .* it has tampa/,
  })
  state.snapshot = { ...snapshot!, manifest: { ...snapshot!.manifest, scope: 'client' } }
  await t.rejects(repeats.rerun({ run: original.id, ...ana }), { message: /its scope is client/ })
})

t.test('a repeat is not passed over for another run of its group, and ends none', async (t) => {
  const { run, state, ledger } = createRepeatStage(t)
  const original = await run()
  const { manifest } = state.snapshot!
  for (const onConflict of ['skip', 'replace'] as const) {
    const snapshot = { ...state.snapshot!, manifest: { ...manifest, concurrency: { limit: 1, onConflict } } }
    const asked = { id: onConflict, now: '2026-11-22T13:00:00.000Z' }
    const request = { run: original.id, ...ana }
    const rerun = requestRerun({ snapshot, revision: 'r' }, original, request, asked)
    t.match(rerun.group, { limit: 1, onConflict: 'queue' })
    t.equal(requestResend(snapshot, original, request, asked).due.group, null)
    t.equal((await ledger.recordDue(rerun)).length, 1)
  }
  t.equal((await ledger.unfinishedRuns()).length, 2)
})

t.test('a rerun moves the posted file only where it is still the same one', async (t) => {
  const move = { name: 'move', type: 'move-file', from: 'trigger', path: '/done' } as unknown as Step
  const { run, repeats, runDetail, sftp, folder } = createRepeatStage(t, [move])
  sftp.drop('/in/a.csv', 'file', 7)
  const { createTestArtifacts } = await import('../../fakes/artifacts.ts')
  const { offerFile } = await import('../../fakes/step-context.ts')
  const stored = await offerFile(createTestArtifacts(folder), 'a.csv', 'file')
  const file = { ...stored, origin: { connection: 'acme-sftp', path: '/in/a.csv' } }
  const trigger = { type: 'ftp-in', key: 'acme-sftp:/in/a.csv:4:7' } as const
  const original = await run({ file, trigger })
  t.same([...sftp.files.keys()], ['/done/a.csv'])
  sftp.drop('/in/a.csv', 'newe', 9)
  const again = await runDetail(await repeats.rerun({ run: original.id, ...ana }))
  t.match(again.steps[0]?.note, /was moved to \/done\/a.csv before/)
  t.same(
    [...sftp.files.keys()].sort(),
    ['/done/a.csv', '/in/a.csv'],
    'the newer file of that name is not its own',
  )
  sftp.files.clear()
  sftp.drop('/in/a.csv', 'file', 11)
  t.equal((await runDetail(await repeats.rerun({ run: original.id, ...ana }))).state, 'succeeded')
  t.same([...sftp.files.keys()], ['/done/a.csv'])
})

t.test('every repeat is recorded with who and why, at both runs', async (t) => {
  const { run, repeats, ledger, clock } = createRepeatStage(t)
  const original = await run()
  const resent = await repeats.resend({ run: original.id, ...ana })
  await clock.advance(1)
  const rerun = await repeats.rerun({ run: original.id, who: 'bo', why: 'new data' })
  const actions = await ledger.actions({ subject: original.id, limit: 10 })
  t.match(actions, [
    { name: 'rerun', who: 'bo', why: 'new data' },
    { name: 'resend', who: 'ana', why: 'they lost it' },
  ])
  t.match((await ledger.repeats(original.id)).by, [
    { kind: 'resend', runId: resent, who: 'ana', why: 'they lost it' },
    { kind: 'rerun', runId: rerun, who: 'bo', why: 'new data' },
  ])
  t.match(await ledger.repeats(rerun), { of: { kind: 'rerun', runId: original.id, who: 'bo' }, by: [] })
  t.same(await ledger.repeats('nothing'), { of: null, by: [] })
})
