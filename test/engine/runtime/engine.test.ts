import t from 'tap'
import type { SourceTree } from '../../../engine/core/contracts/config-source.ts'
import type { Ledger } from '../../../engine/core/contracts/ledger.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { createStage, nothing, until } from '../../fakes/engine-stage.ts'
import { editSmall } from '../config/golden.ts'

const eod = 'jobs.d/acme/eod.yaml'

const fail = async (): Promise<never> => {
  throw new JobsdError('AUTH_REFUSED', { connection: 'sftp' })
}

async function statesOf(ledger: Ledger): Promise<string[]> {
  return (await ledger.runs({ limit: 10 })).map((run) => run.state)
}

t.test('two runs that fail in the same moment give two alerts', async (t) => {
  const { engine, sent } = createStage(t, fail)
  await engine.start({ triggers: true })
  await engine.run({ job: 'acme/eod' })
  await until(() => sent.length === 2)
  t.equal(new Set(sent.map(({ messageId }) => messageId)).size, 2)
  await engine.stop()
})

t.test('an alert is sent before a short-lived engine ends', async (t) => {
  const { engine, ledger, sent } = createStage(t, fail)
  await engine.start({ triggers: false })
  await engine.run({ job: 'acme/eod', callCenter: 'dallas' })
  await until(async () => (await statesOf(ledger)).join() === 'failed')
  await engine.stop()
  t.equal(sent.length, 1)
  t.same(await ledger.pendingAlerts(), [])
})

t.test('runs that wait for their next attempt hold up neither others nor the stop', async (t) => {
  let isDown = true
  const { engine, ledger, clock } = createStage(t, async ({ run }) => {
    if (isDown && run.callCenter === 'dallas')
      throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'sftp', reason: 'down' })
    return { ok: true, note: '' }
  })
  await engine.start({ triggers: true })
  for (let count = 0; count < 10; count += 1) await engine.run({ job: 'acme/eod', callCenter: 'dallas' })
  await until(() => engine.queueSize().working === 0 && engine.queueSize().waiting === 0)
  const [other = ''] = await engine.run({ job: 'acme/eod', callCenter: 'tampa' })
  await until(async () => (await ledger.run(other))?.state === 'succeeded')
  t.equal((await ledger.unfinishedRuns()).length, 10)
  t.match((await ledger.unfinishedRuns())[0], { state: 'running', position: 'build' })
  isDown = false
  await clock.advance(30_000)
  await until(async () => (await ledger.unfinishedRuns()).length === 0)
  t.same([...new Set(await statesOf(ledger))], ['succeeded'])
  await engine.stop()
})

t.test('a run that broke off by an error of the ledger goes on by itself', async (t) => {
  let breaks = 1
  const ledgerThatBreaks = (ledger: Ledger): Ledger => ({
    ...ledger,
    async endStep(guard, end) {
      if (breaks-- > 0) throw new Error('database or disk is full')
      return ledger.endStep(guard, end)
    },
  })
  const { engine, ledger, clock, log } = createStage(t, async () => ({ ok: true, note: '' }), {
    ledger: ledgerThatBreaks,
  })
  await engine.start({ triggers: true })
  await engine.run({ job: 'acme/eod', callCenter: 'tampa' })
  await until(() => log.lines.some((line) => line.includes('broke off')))
  await clock.advance(1_000)
  await until(async () => (await statesOf(ledger)).join() === 'succeeded')
  t.pass('it was worked on again')
  await engine.stop()
})

t.test('a manifest that is gone for one read is no removal; one that stays away is', async (t) => {
  const { engine, ledger, clock, watched, state } = createStage(t, async () => ({ ok: true, note: '' }))
  await engine.start({ triggers: true })
  t.same(watched, ['acme/eod'])
  const since = await ledger.schedulesSince('acme/eod', '2027-01-01')
  const other = {
    'jobs.d/acme/other.yaml': (await textOf(state.tree))
      .replace('name: eod', 'name: other')
      .replaceAll('/outbound', '/other'),
  }
  state.tree = { ...editSmall({ ...other, [eod]: null }), revision: 'without' }
  engine.reload()
  await until(() => watched.includes('acme/other'))
  t.ok(watched.includes('acme/eod'), 'it goes on')
  state.tree = { ...editSmall(other), revision: 'with' }
  engine.reload()
  await clock.advance(3_000)
  await until(async () => (await ledger.lastRevision())?.attempted === 'with')
  t.same(await ledger.schedulesSince('acme/eod', '2027-01-01'), since, 'and owes what it owed')

  state.tree = { ...editSmall({ ...other, [eod]: null }), revision: 'without for good' }
  engine.reload()
  await until(async () => (await ledger.lastRevision())?.attempted === 'without for good')
  await until(async () => {
    await clock.advance(3_000)
    return (await ledger.jobs()).some(({ job, removedAt }) => job === 'acme/eod' && removedAt !== null)
  })
  await until(() => !watched.includes('acme/eod'))
  await engine.stop()
})

async function textOf(tree: SourceTree): Promise<string> {
  return new TextDecoder().decode(tree.files.get(eod)?.content)
}

t.test('a source that cannot be watched is still read', async (t) => {
  const { engine, clock, log, state, ledger } = createStage(t, async () => ({ ok: true, note: '' }))
  state.watchFails = true
  await engine.start({ triggers: true })
  await until(() => log.lines.some((line) => line.includes('no hints of changes')))
  state.tree = {
    ...editSmall({ [eod]: (text) => text.replace('/outbound', '/elsewhere') }),
    revision: 'next',
  }
  await until(async () => {
    await clock.advance(30_000)
    return (await ledger.lastRevision())?.applied === 'next'
  })
  t.pass('the rescan found the change')
  await engine.stop()
})

t.test('a run by hand without an engine changes nothing of what runs', async (t) => {
  const { engine, ledger, state, watched } = createStage(t, async () => ({ ok: true, note: '' }))
  await engine.start({ triggers: true })
  const before = await ledger.jobs()
  const since = await ledger.schedulesSince('acme/eod', '2027-01-01')
  await engine.stop()

  const byHand = createStage(t, async () => ({ ok: true, note: '' }))
  byHand.state.tree = { ...editSmall({ [eod]: null }), revision: 'another folder' }
  await byHand.engine.start({ triggers: false })
  await t.rejects(byHand.engine.run({ job: 'acme/eod' }), { code: 'JOB_UNKNOWN' })
  await byHand.engine.stop()
  t.same(await byHand.ledger.jobs(), [], 'nothing was applied')
  t.same(await ledger.jobs(), before)
  t.same(await ledger.schedulesSince('acme/eod', '2027-01-01'), since)
  t.same(watched, [], 'and nothing is watched after a stop')
  state.tree = nothing
})

t.test(
  'alerts follow the newest valid settings, even while a job runs on its last good version',
  async (t) => {
    const { engine, ledger, sent, state } = createStage(t, fail)
    await engine.start({ triggers: true })
    state.tree = {
      ...editSmall({
        [eod]: (text) => text.replace('onEmpty: skip', 'onEmpty: maybe'),
        'jobs.d/platform/settings.yaml': (text) =>
          text.replace(/to: \[[^\]]*\]/, 'to: [night-shift@platform.example]'),
      }),
      revision: 'moved',
    }
    engine.reload()
    await until(async () => (await ledger.lastRevision())?.attempted === 'moved')
    await engine.run({ job: 'acme/eod', callCenter: 'dallas' })
    await until(() => sent.length === 1)
    t.same(sent[0]?.to, ['night-shift@platform.example'])
    await engine.stop()
  },
)

t.test('a renamed job keeps its history and what it owes', async (t) => {
  const { engine, ledger, state, watched } = createStage(t, async () => ({ ok: true, note: '' }))
  await engine.start({ triggers: true })
  await engine.run({ job: 'acme/eod', callCenter: 'tampa' })
  await until(async () => (await statesOf(ledger)).join() === 'succeeded')
  const since = await ledger.schedulesSince('acme/eod', '2027-01-01')
  const renamed = (await textOf(state.tree)).replace('name: eod', 'name: end-of-day\npreviousName: eod')
  const path = 'jobs.d/acme/end-of-day.yaml'
  state.tree = { ...editSmall({ [path]: renamed }), revision: 'read while both are there' }
  engine.reload()
  await until(async () => (await ledger.lastRevision())?.attempted === 'read while both are there')
  state.tree = { ...editSmall({ [eod]: null, [path]: renamed }), revision: 'renamed' }
  engine.reload()
  await until(async () => (await ledger.lastRevision())?.applied === 'renamed')
  await until(() => watched.join() === 'acme/end-of-day')
  t.match(await ledger.runs({ job: 'acme/end-of-day', limit: 9 }), [
    { state: 'succeeded', callCenter: 'tampa' },
  ])
  t.same(await ledger.schedulesSince('acme/end-of-day', '2027-01-01'), since)
  t.match(await ledger.jobs(), [{ job: 'acme/end-of-day', removedAt: null, sync: 'Synced' }])
  await engine.stop()
})

t.test("the engine's own full disk uses up no attempt of a step", async (t) => {
  let full = 5
  const { engine, ledger, clock } = createStage(t, async () => {
    if (full-- > 0) throw new JobsdError('STORAGE_FAILED', { reason: 'ENOSPC' })
    return { ok: true, note: '' }
  })
  await engine.start({ triggers: true })
  const [id = ''] = await engine.run({ job: 'acme/eod', callCenter: 'tampa' })
  await until(async () => {
    await clock.advance(60_000)
    return (await ledger.run(id))?.state === 'succeeded'
  })
  t.match((await ledger.run(id))?.steps[0], { attempts: 1, error: null })
  t.same(await ledger.pendingAlerts(), [])
  await engine.stop()
})
