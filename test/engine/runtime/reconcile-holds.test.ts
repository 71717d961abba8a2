/** Pins and suspensions where the source, the ledger or a job's name gets in between. */
import t from 'tap'
import type { Ledger } from '../../../engine/core/contracts/ledger.ts'
import type { Engine } from '../../../engine/runtime/engine.ts'
import {
  commitOf,
  createGitStage,
  type Edits,
  eodFile,
  moreJobs,
  renameEod,
  sourceAway,
  until,
  vouchForAllBut,
} from '../../fakes/engine-stage.ts'
import { editSmall } from '../config/golden.ts'

const by = { who: 'ana', why: 'the new folder is wrong' }
const pinToA = { job: 'acme/eod', revision: commitOf('a'), ...by }

function sendTo(folder: string): Edits {
  return { [eodFile]: (text) => text.replace('/outbound', folder) }
}

/** A run of `eod` by hand. */
async function runEod(engine: Engine, ledger: Ledger) {
  const [id = ''] = await engine.run({ job: 'acme/eod', callCenter: 'tampa' })
  return ledger.run(id)
}

t.test('a pin and its end are in force at once, also while the source is away', async (t) => {
  const { engine, ledger, push, job, state } = createGitStage(t)
  await engine.start({ triggers: true })
  await push(commitOf('b'), sendTo('/bad'))
  const [newer, older] = await ledger.jobVersions('acme/eod')
  state.unreadable = sourceAway()
  await engine.holds.pin(pinToA)
  t.match(await job('acme/eod'), { sync: 'OutOfSync', reason: 'PinnedByHand' })
  t.match(await runEod(engine, ledger), { snapshot: older?.snapshot, revision: commitOf('a') })
  await engine.holds.unpin({ job: 'acme/eod', ...by })
  t.match(await job('acme/eod'), { sync: 'Synced', holds: [] })
  t.match(await runEod(engine, ledger), { snapshot: newer?.snapshot, revision: commitOf('b') })
  t.not(newer?.snapshot, older?.snapshot)
  await engine.stop()
})

t.test('a pin is in force at once, also on a head that is refused', async (t) => {
  const { engine, ledger, push, job } = createGitStage(t, {
    source: { vouch: vouchForAllBut(commitOf('c')) },
  })
  await engine.start({ triggers: true })
  await push(commitOf('b'), sendTo('/bad'))
  await push(commitOf('c'), {})
  t.equal(engine.sync().last?.outcome, 'refused')
  const older = await ledger.versionAt('acme/eod', commitOf('a'))
  await engine.holds.pin(pinToA)
  t.match(await job('acme/eod'), { sync: 'OutOfSync', reason: 'PinnedByHand' })
  t.match(await runEod(engine, ledger), { snapshot: older?.snapshot, revision: commitOf('a') })
  await engine.stop()
})

t.test('a pinned job runs as the revision it is pinned to, also after a restart in an outage', async (t) => {
  const { engine, ledger, push, job, state, restart } = createGitStage(t)
  await engine.start({ triggers: true })
  await push(commitOf('b'), sendTo('/bad'))
  await engine.holds.pin(pinToA)
  const before = await runEod(engine, ledger)
  t.equal(before?.revision, commitOf('a'))
  await engine.stop()
  state.unreadable = sourceAway()
  const second = await restart()
  t.match(await runEod(second.engine, second.ledger), {
    snapshot: before?.snapshot,
    revision: commitOf('a'),
  })
  await second.engine.holds.unpin({ job: 'acme/eod', ...by })
  t.match(await job('acme/eod', second.engine), { sync: 'Synced' }, 'the newest version is known as well')
  const after = await runEod(second.engine, second.ledger)
  t.not(after?.snapshot, before?.snapshot)
  t.equal(after?.revision, commitOf('b'))
  await second.engine.stop()
})

t.test('a pin ends together with the revision that ends it, or not at all', async (t) => {
  let isFull = false
  const ledger = (opened: Ledger): Ledger => ({
    ...opened,
    async applyRevision(applied) {
      if (isFull) throw new Error('the disk is full')
      return opened.applyRevision(applied)
    },
  })
  const stage = createGitStage(t, { ledger })
  const { engine, push, job, state, log } = stage
  await engine.start({ triggers: true })
  await push(commitOf('b'), sendTo('/bad'))
  await engine.holds.pin(pinToA)
  isFull = true
  state.tree = { ...editSmall(sendTo('/good')), revision: commitOf('c') }
  engine.reload()
  await until(() => log.fields.some(({ reason }) => reason === 'the disk is full'))
  t.match(await stage.ledger.holds(), [{ job: 'acme/eod', kind: 'pinned' }])
  await engine.stop()
  isFull = false
  state.tree = { ...editSmall(sendTo('/bad')), revision: commitOf('b') }
  const second = await stage.restart()
  t.match(await job('acme/eod', second.engine), { sync: 'OutOfSync', reason: 'PinnedByHand' })
  await push(commitOf('c'), sendTo('/good'), second.engine)
  t.match(await job('acme/eod', second.engine), { sync: 'Synced', holds: [] })
  await second.engine.stop()
})

t.test('a job cannot be pinned to what it ran under another name', async (t) => {
  const { engine, ledger, push, job, watched, restart } = createGitStage(t)
  await engine.start({ triggers: true })
  await push(commitOf('b'), renameEod('day', 'eod'))
  await t.rejects(engine.holds.pin({ job: 'acme/day', revision: commitOf('a'), ...by }), {
    code: 'BAD_REQUEST',
    message: /acme\/day was called acme\/eod at revision aaaa/,
  })
  t.same(await ledger.holds(), [])
  t.same(watched, ['acme/day'])
  t.match(await engine.holds.pin({ job: 'acme/day', revision: commitOf('b'), ...by }), {
    revision: commitOf('b'),
  })
  await engine.stop()
  const second = await restart()
  t.same(watched, ['acme/day'], 'pinned to its own name it is watched, also after a restart')
  t.match(await job('acme/day', second.engine), { holds: [{ kind: 'pinned' }] })
  await second.engine.stop()
})

t.test('a revision that is named too shortly is refused, with those it may be', async (t) => {
  const { engine, ledger, push, state } = createGitStage(t)
  const [first, second] = [`abcd${'1'.repeat(36)}`, `abcd${'2'.repeat(36)}`]
  state.tree = { ...editSmall({}), revision: first }
  await engine.start({ triggers: true })
  await push(second, sendTo('/second'))
  await push(commitOf('e'), sendTo('/third'))
  const pin = (revision: string) => engine.holds.pin({ job: 'acme/eod', revision, ...by })
  await t.rejects(pin('abcd'), {
    code: 'BAD_REQUEST',
    message: `abcd may be one of several revisions: ${second}, ${first}`,
  })
  t.same(await ledger.holds(), [])
  t.same(await pin('abcd1'), { revision: first })
  await engine.stop()
})

t.test('a job cannot be pinned to a revision at which it was gone', async (t) => {
  const { engine, ledger, push, state } = createGitStage(t)
  state.tree = { ...editSmall(moreJobs(1)), revision: commitOf('a') }
  await engine.start({ triggers: true })
  await push(commitOf('b'), {})
  await push(commitOf('c'), moreJobs(1))
  await t.rejects(engine.holds.pin({ job: 'acme/more-0', revision: commitOf('b'), ...by }), {
    code: 'BAD_REQUEST',
    message: /ran nothing at revision bbbb/,
  })
  t.same(await ledger.holds(), [])
  await engine.stop()
})

t.test(
  'a hold that an engine without triggers put on the new name does not keep a job from being renamed',
  async (t) => {
    const { engine, state, create, restart, job, watched } = createGitStage(t)
    await engine.start({ triggers: true })
    await engine.holds.suspend({ job: 'acme/eod', ...by })
    await engine.stop()
    state.tree = { ...editSmall({ ...moreJobs(1), ...renameEod('day', 'eod') }), revision: commitOf('b') }
    const byHand = create()
    await byHand.engine.start({ triggers: false })
    await byHand.engine.holds.suspend({ job: 'acme/day', who: 'ben', why: 'too early' })
    await byHand.engine.stop()
    await byHand.ledger.close()
    const second = await restart()
    t.match(await second.engine.status(), {
      revision: { attempted: commitOf('b'), applied: commitOf('b') },
      source: { ok: true },
    })
    t.same(watched.toSorted(), ['acme/day', 'acme/more-0'])
    t.match(await job('acme/day', second.engine), {
      health: 'Suspended',
      holds: [{ kind: 'suspended', who: 'ana' }],
    })
    await second.engine.stop()
  },
)
