import t from 'tap'
import type { Ledger } from '../../../engine/core/contracts/ledger.ts'
import type { Parameter } from '../../../engine/core/manifest.ts'
import type { Run, RunOrigin } from '../../../engine/core/model.ts'
import { createFollowUps } from '../../../engine/runtime/follow-ups.ts'
import type { Play } from '../../fakes/chain-stage.ts'
import { createChain, eod, runsOf } from '../../fakes/chain-stage.ts'
import { eodFile, until } from '../../fakes/engine-stage.ts'
import { createMemoryLog } from '../../fakes/log.ts'
import { createSnapshot } from '../../fakes/snapshot.ts'

const fine: Play = async () => ({ ok: true, note: '' })
const slot = '2026-11-20T00:30:00.000Z'

t.test('each run of a call center starts the one of the same call center, for the same moment', async (t) => {
  const { engine, ledger } = await createChain(t, { next: 'type: after\n  job: eod' }, fine)
  const ids = await engine.run({ job: eod, slot })
  await until(async () => (await runsOf(ledger, 'next')).every(({ state }) => state === 'succeeded'))
  await until(async () => (await ledger.runs({ limit: 10 })).length === 4)
  const next = await runsOf(ledger, 'next')
  t.same(next.map(({ callCenter }) => callCenter).sort(), ['dallas', 'tampa'])
  for (const run of next) {
    t.equal(run.slot, slot)
    t.equal(run.schedule, null)
    const before = await ledger.run(run.trigger.key.split(':')[1] ?? '')
    t.match(before, { job: eod, callCenter: run.callCenter, state: 'succeeded' })
    t.ok(ids.includes(before?.id ?? ''))
  }
  await engine.stop()
})

t.test(
  'a follower over the whole client runs once for each run; one of few call centers only for those',
  async (t) => {
    const { engine, ledger } = await createChain(
      t,
      {
        whole: { trigger: 'type: after\n  job: eod', scope: 'client' },
        few: { trigger: 'type: after\n  job: eod', scope: 'call-center\ncallCenters: [tampa]' },
        last: { trigger: 'type: after\n  job: whole' },
      },
      fine,
    )
    await engine.run({ job: eod })
    await until(
      async () => (await runsOf(ledger, 'last')).filter((run) => run.state === 'succeeded').length === 4,
    )
    t.same(
      (await runsOf(ledger, 'whole')).map(({ callCenter }) => callCenter),
      [null, null],
    )
    t.same(
      (await runsOf(ledger, 'few')).map(({ callCenter }) => callCenter),
      ['tampa'],
    )
    const last = await runsOf(ledger, 'last')
    t.same(
      last.map(({ callCenter }) => callCenter).sort(),
      ['dallas', 'dallas', 'tampa', 'tampa'],
      'it fans out again',
    )
    await engine.stop()
  },
)

t.test('how the run ended decides who follows', async (t) => {
  const after = (on: string) => `type: after\n  job: eod\n  on: ${on}`
  const ways = ['succeeded', 'failed', 'skipped', 'ended']
  const followers = Object.fromEntries(ways.map((on) => [`on-${on}`, after(on)]))
  let ends: Play = fine
  const { engine, ledger } = await createChain(t, followers, (context) =>
    context.run.job === eod ? ends(context) : fine(context),
  )
  async function followedBy(play: Play, expected: string[]): Promise<void> {
    ends = play
    const known = (await ledger.runs({ limit: 100 })).length
    const [id = ''] = await engine.run({ job: eod, callCenter: 'dallas' })
    await until(async () => (await ledger.runs({ limit: 100 })).length === known + 1 + expected.length)
    await until(async () => (await ledger.unfinishedRuns()).length === 0)
    const runs = (await ledger.runs({ limit: 100 })).filter(({ trigger }) => trigger.key === `eod:${id}`)
    t.same(runs.map(({ job }) => job.slice(5)).sort(), expected)
  }
  await followedBy(fine, ['on-ended', 'on-succeeded'])
  await followedBy(async () => Promise.reject(new Error('a bug')), ['on-ended', 'on-failed'])
  await followedBy(async () => ({ ok: true, skip: true, note: '' }), ['on-ended', 'on-skipped'])
  await engine.stop()
})

t.test('a run that was cancelled by hand has ended, and nothing else', async (t) => {
  const { engine, ledger } = await createChain(
    t,
    {
      any: 'type: after\n  job: eod\n  on: ended',
      well: 'type: after\n  job: eod',
      bad: 'type: after\n  job: eod\n  on: failed',
    },
    (context) => (context.run.job === eod ? hang(context.signal) : fine(context)),
  )
  const [id = ''] = await engine.run({ job: eod, callCenter: 'tampa' })
  await until(async () => (await ledger.run(id))?.state === 'running')
  await engine.cancel(id, { who: 'ana', why: 'wrong day' })
  await until(async () => (await runsOf(ledger, 'any'))[0]?.state === 'succeeded')
  t.equal((await ledger.run(id))?.state, 'cancelled')
  t.equal((await ledger.runs({ limit: 10 })).length, 2)
  await t.rejects(engine.cancel(id, { who: 'ana', why: 'again' }), { code: 'BAD_REQUEST' })
  t.equal((await ledger.runs({ limit: 10 })).length, 2, 'a second time starts nothing')
  await engine.stop()
})

t.test('a run that is under way while its job is renamed is followed all the same', async (t) => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const trigger = 'type: after\n  job: eod'
  // All of its last step falls between.
  let plays = 0
  const play: Play = async () => {
    plays += 1
    if (plays === 2) await gate
    return { ok: true, note: '' }
  }
  const { engine, ledger, push, state } = await createChain(t, { next: trigger }, play)
  await engine.run({ job: eod, callCenter: 'tampa', slot })
  await until(async () => (await ledger.runs({ limit: 10 })).some(({ steps }) => steps.length === 2))
  const text = new TextDecoder().decode(state.tree.files.get(eodFile)?.content)
  await push({
    [eodFile]: null,
    'jobs.d/acme/evening.yaml': text.replace('name: eod', 'name: evening\npreviousName: eod'),
    'jobs.d/acme/next.yaml': (follower) => follower.replace('job: eod', 'job: evening'),
  })
  release()
  await until(async () => (await runsOf(ledger, 'evening')).every((run) => run.state === 'succeeded'))
  const [next, ...others] = await runsOf(ledger, 'next')
  t.match(next, { callCenter: 'tampa', slot })
  t.same(others, [])
  const [ended] = await runsOf(ledger, 'evening')
  t.equal(next?.trigger.key, `evening:${ended?.id}`)
  await engine.stop()
})

t.test('dry runs and resends start nothing, a rerun does', async (t) => {
  const { engine, ledger } = await createChain(t, { next: 'type: after\n  job: eod' }, fine)
  await engine.run({ job: eod, callCenter: 'dallas', dryRun: true })
  await until(async () => (await ledger.unfinishedRuns()).length === 0)
  t.same(await runsOf(ledger, 'next'), [])
  const [id = ''] = await engine.run({ job: eod, callCenter: 'dallas' })
  await until(async () => (await runsOf(ledger, 'next'))[0]?.state === 'succeeded')
  await engine.rerun({ run: id, who: 'ana', why: 'new rows' })
  await until(
    async () => (await runsOf(ledger, 'next')).filter((run) => run.state === 'succeeded').length === 2,
  )
  t.equal((await ledger.runs({ limit: 10 })).length, 5)
  await engine.stop()
})

t.test(
  'a suspended follower is recorded as skipped, with who and why; a disabled one not at all',
  async (t) => {
    const { engine, ledger } = await createChain(
      t,
      {
        next: 'type: after\n  job: eod',
        later: 'type: after\n  job: next\n  on: ended',
        off: { trigger: 'type: after\n  job: eod', enabled: false },
      },
      fine,
    )
    await engine.holds.suspend({ job: 'acme/next', who: 'ana', why: 'the partner moves' })
    await engine.run({ job: eod, callCenter: 'dallas' })
    await until(async () => (await runsOf(ledger, 'next')).length === 1)
    await until(async () => (await ledger.unfinishedRuns()).length === 0)
    t.match(await runsOf(ledger, 'next'), [
      { state: 'skipped', note: 'suspended by ana: the partner moves', startedAt: null },
    ])
    t.same(await runsOf(ledger, 'off'), [])
    t.same(await runsOf(ledger, 'later'), [], 'what never began has not ended')
    await engine.holds.resume({ job: 'acme/next', who: 'ana', why: 'done' })
    await engine.run({ job: eod, callCenter: 'dallas' })
    await until(async () => (await runsOf(ledger, 'later'))[0]?.state === 'succeeded')
    await engine.stop()
  },
)

t.test('versions of different revisions that wait for each other start nothing', async (t) => {
  const { engine, ledger, log, push } = await createChain(
    t,
    { a: 'type: after\n  job: eod', b: 'type: manual' },
    fine,
  )
  // The new version of `a` is broken, so its last good one stays; `b` now waits for it, and `eod` for `b`.
  await push({
    'jobs.d/acme/a.yaml': 'name: [',
    'jobs.d/acme/b.yaml': (text) => text.replace('type: manual', 'type: after\n  job: a'),
    'jobs.d/acme/eod.yaml': (text) =>
      text.replace(/trigger:[\s\S]*?steps:/, 'trigger:\n  type: after\n  job: b\nsteps:'),
  })
  await engine.run({ job: eod, callCenter: 'dallas' })
  await until(async () => (await ledger.unfinishedRuns()).length === 0)
  t.equal((await ledger.runs({ limit: 10 })).length, 1)
  t.ok(log.lines.some((line) => line.includes('wait for each other')))
  await engine.stop()
})

for (const [title, dies] of [
  ['before the end is recorded', 'before'],
  ['between the end and the begin of what follows', 'after'],
] as const) {
  t.test(`an engine that dies ${title} loses nothing and doubles nothing`, async (t) => {
    let isDead = false
    const mortal = (ledger: Ledger): Ledger => ({
      ...ledger,
      async endStepAndFollow(...args) {
        if (isDead) return ledger.endStepAndFollow(...args)
        isDead = true
        if (dies === 'after') await ledger.endStepAndFollow(...args)
        return new Promise(() => undefined)
      },
    })
    const { engine, ledger, restart } = await createChain(
      t,
      { next: 'type: after\n  job: eod' },
      fine,
      mortal,
    )
    const [id = ''] = await engine.run({ job: eod, callCenter: 'dallas' })
    await until(() => isDead)
    await until(async () => dies === 'before' || (await ledger.run(id))?.state === 'succeeded')
    await restart()
    await until(async () => (await runsOf(ledger, 'next'))[0]?.state === 'succeeded')
    t.same((await ledger.runs({ limit: 10 })).map(({ job, state }) => [job, state]).sort(), [
      ['acme/eod', 'succeeded'],
      ['acme/next', 'succeeded'],
    ])
  })
}

t.test(
  'what the run was about is handed on: its event, its parameters and the days that its slot covers',
  (t) => {
    const region: Parameter = { name: 'region', type: 'text', required: true }
    const followUps = createFollowUps({
      suspension: () => undefined,
      log: createMemoryLog(),
      now: () => '2026-11-20T01:00:00.000Z',
    })
    const ended = createSnapshot()
    const follower = createSnapshot({
      job: 'acme/next',
      manifest: {
        ...ended.manifest,
        name: 'next',
        trigger: { type: 'after', job: 'eod-call-detail', parameters: [region] },
        steps: [{ name: 'build' } as never],
      },
    })
    followUps.use(new Map([['acme/next', { snapshot: follower, revision: 'r7' }]]))
    const run = {
      id: '0123456789abcdef',
      job: 'acme/eod-call-detail',
      callCenter: 'tampa',
      slot,
      schedule: null,
      event: { campaignId: 'c1', region: 'east' },
      parameters: { region: 'west', other: 1 },
      skippedDays: 3,
      origin: null,
      dryRun: false,
    } as unknown as Run
    const dueOf = (changes: Partial<Run>, state: 'succeeded' | 'failed' = 'succeeded') =>
      followUps.dueAfter({ ...run, ...changes }, ended, state)
    t.match(dueOf({}), [
      {
        job: 'acme/next',
        trigger: { type: 'after', key: 'eod-call-detail:0123456789abcdef' },
        slot,
        event: run.event,
        parameters: { region: 'west' },
        skippedDays: 3,
        callCenters: ['tampa'],
        revision: 'r7',
        passedOver: undefined,
      },
    ])
    t.same(dueOf({})[0]?.parameters, { region: 'west' }, 'only those that it takes')
    t.match(dueOf({ parameters: {} })[0], { parameters: { region: 'east' } }, 'or what the event has')
    t.match(
      dueOf({ parameters: {}, event: null })[0]?.passedOver,
      /no fitting parameters: .*region.* is missing/,
    )
    t.same(dueOf({ callCenter: 'austin' }), [], 'a call center that it does not have')
    t.same(dueOf({}, 'failed'), [])
    t.same(dueOf({ dryRun: true }), [])
    const origin: RunOrigin = { kind: 'resend', runId: 'x', steps: [], targets: null }
    t.same(dueOf({ origin }), [], 'old bytes sent again')
    t.equal(dueOf({ origin: { ...origin, kind: 'rerun' } }).length, 1)
    t.end()
  },
)

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
