import t from 'tap'
import type { TrustRules } from '../../../engine/core/contracts/config-source.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import {
  commitOf,
  createGitStage,
  eodFile as eod,
  moreJobs,
  settingsFile as settings,
  until,
} from '../../fakes/engine-stage.ts'
import { editSmall } from '../config/golden.ts'

const commits = { a: commitOf('a'), b: commitOf('b'), c: commitOf('c') }

t.test('more removals than allowed are all held, told once, and let through by a higher limit', async (t) => {
  const { engine, state, push, job, titles, ledger } = createGitStage(t)
  state.tree = { ...editSmall(moreJobs(11)), revision: commits.a }
  await engine.start({ triggers: true })
  await push(commits.b, {})
  t.match(await job('acme/more-3'), {
    sync: 'OutOfSync',
    reason: 'RemovalHeld',
    message: /maxRemovals is 10/,
  })
  t.match(await engine.status(), {
    syncs: [{ outcome: 'partly', reason: 'RemovalsHeld', counts: { kept: 11 } }],
  })
  await until(() => titles().length === 1)
  t.same(titles(), ['11 jobs are gone from the source and run on'])
  await push(commits.c, { [settings]: (text) => `${text}maxRemovals: 11\n` })
  t.same(
    (await engine.status()).jobs.map(({ job }) => job),
    ['acme/eod'],
  )
  t.equal((await ledger.jobs()).filter(({ removedAt }) => removedAt).length, 11, 'kept as history')
  await until(() => titles().length === 2)
  t.same(titles()[1], 'all jobs are in sync again')
  await engine.stop()
})

t.test('as many removals as allowed go at once', async (t) => {
  const { engine, state, push } = createGitStage(t)
  state.tree = { ...editSmall(moreJobs(10)), revision: commits.a }
  await engine.start({ triggers: true })
  await push(commits.b, {})
  t.same(
    (await engine.status()).jobs.map(({ job }) => job),
    ['acme/eod'],
  )
  await engine.stop()
})

t.test('a source without any job changes nothing, not even the settings', async (t) => {
  const { engine, push, job, state } = createGitStage(t)
  await engine.start({ triggers: true })
  await push(commits.b, { [eod]: null, [settings]: (text) => `${text}maxRuns: 3\n` })
  t.match(await job('acme/eod'), { sync: 'Synced', lastAppliedRevision: commits.a })
  t.match(await engine.status(), {
    revision: { attempted: commits.b, applied: commits.a },
    source: { ok: false, reason: 'NoJobs' },
  })
  await push(commits.c, {})
  t.match(await engine.status(), { revision: { applied: commits.c }, source: { ok: true } })
  t.not(state.tree.revision, commits.b)
  await engine.stop()
})

t.test('a refused revision changes nothing; reverted, all is well again', async (t) => {
  const rules: TrustRules[] = []
  const { engine, push, job, watched, titles } = createGitStage(t, {
    source: {
      async vouch(commit, _accepted, given) {
        rules.push(given)
        if (commit === commits.b)
          throw new JobsdError('COMMIT_UNTRUSTED', { commit, reason: 'it is not signed' })
        const facts = { commit, author: 'Ana <ana@x.example>', authoredAt: '2026-11-22T10:00:00.000Z' }
        return { facts: { ...facts, signature: { state: 'unchecked' } }, rewritten: commit === commits.c }
      },
    },
  })
  await engine.start({ triggers: true })
  await push(commits.b, { [eod]: (text) => text.replace('/outbound', '/stranger') })
  t.match(await job('acme/eod'), { sync: 'Synced', lastAppliedRevision: commits.a })
  t.match(await engine.status(), { source: { ok: false, reason: 'CommitUntrusted', message: /not signed/ } })
  t.same(watched, ['acme/eod'])
  await until(() => titles().length === 1)
  t.same(titles(), ['a revision was refused'])
  await push(commits.a, {})
  t.match(await engine.status(), { source: { ok: true, reason: 'Applied' } })
  await until(() => titles().length === 2)
  await push(commits.c, { [eod]: (text) => text.replace('/outbound', '/rewritten') })
  await until(() => titles().length === 3)
  t.same(titles().slice(1), ['all jobs are in sync again', 'the branch was rewritten'])
  t.ok(rules.length > 2)
  await engine.stop()
})

t.test('a commit is held to the settings in force, never to its own', async (t) => {
  const asked: TrustRules[] = []
  const verify = (text: string) =>
    `${text}git: { verify: ssh, signers: [{ name: Ana, key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEf9JnrWWF3XiV6uoG2/w9eEz+6CFsyhh3AtM+0tVCBW }] }\n`
  const { engine, push, state, create } = createGitStage(t, {
    source: {
      async vouch(commit, _accepted, rules) {
        asked.push(rules)
        if (rules.verify !== 'none' && commit !== commits.a)
          throw new JobsdError('COMMIT_UNTRUSTED', { commit, reason: 'it is not signed' })
        const facts = { commit, author: 'Ana <ana@x.example>', authoredAt: '2026-11-22T10:00:00.000Z' }
        return { facts: { ...facts, signature: { state: 'unchecked' } }, rewritten: false }
      },
    },
  })
  state.tree = { ...editSmall({ [settings]: verify }), revision: commits.a }
  await engine.start({ triggers: true })
  t.match(
    asked,
    [{ verify: 'ssh', signers: [{ name: 'Ana' }] }],
    'the first one by its own, nothing else is there',
  )
  await push(commits.b, {})
  t.match(await engine.status(), { revision: { applied: commits.a }, source: { reason: 'CommitUntrusted' } })
  await engine.stop()

  const second = create()
  t.teardown(() => second.ledger.close())
  asked.length = 0
  await second.engine.start({ triggers: true })
  t.match(asked[0], { verify: 'ssh' }, 'also after a restart')
  t.match(await second.engine.status(), {
    revision: { applied: commits.a },
    jobs: [{ job: 'acme/eod', sync: 'Synced' }],
  })
  await second.engine.stop()
})

t.test('a source that is away is told after five minutes, once, and when it is back', async (t) => {
  const { engine, clock, state, titles, log } = createGitStage(t)
  await engine.start({ triggers: true })
  state.unreadable = new JobsdError('SOURCE_UNREACHABLE', { source: 'git', reason: 'no route' })
  const looked = async () => (await engine.status()).syncs[0]?.times
  engine.reload()
  await until(async () => (await engine.status()).source.reason === 'SourceUnreachable')
  t.same(titles(), [], 'not at once')
  for (let minutes = 0; minutes < 12; minutes += 1) {
    const before = await looked()
    await clock.advance(60_000)
    await until(async () => (await looked()) !== before)
  }
  await until(() => titles().length > 0)
  t.same(titles(), ['the source cannot be read'])
  t.equal(
    log.lines.filter((line) => line.includes('no route') && line.startsWith('error')).length,
    1,
    'logged once',
  )
  t.equal(engine.isReady(), true)
  state.unreadable = undefined
  engine.reload()
  await until(() => titles().length === 2)
  t.same(titles()[1], 'all jobs are in sync again')
  t.match(await engine.status(), { source: { ok: true }, revision: { applied: commits.a } })
  await engine.stop()
})

t.test('broken jobs are told once a revision, with their places', async (t) => {
  const { engine, push, sent, titles, clock, create } = createGitStage(t)
  await engine.start({ triggers: true })
  const broken = { [eod]: (text: string) => text.replace('onEmpty: skip', 'onEmpty: maybe') }
  await push(commits.b, broken)
  await until(() => titles().length === 1)
  t.match(sent[0], {
    subject: '[jobsd] 1 job does not compile',
    text: /^- jobs\.d\/acme\/eod\.yaml:\d+:\d+: /m,
  })
  engine.reload()
  await clock.asleep()
  await engine.stop()
  const second = create()
  t.teardown(() => second.ledger.close())
  await second.engine.start({ triggers: true })
  t.match(await second.engine.status(), { jobs: [{ sync: 'Invalid', reason: 'InvalidManifest' }] })
  await second.engine.stop()
  t.same(titles(), ['1 job does not compile'], 'not again, also after a restart')
})

t.test('a pin holds an older version until a newer commit touches the job', async (t) => {
  const { engine, push, job, ledger } = createGitStage(t)
  await engine.start({ triggers: true })
  const [before] = await ledger.jobVersions('acme/eod')
  const bad = (text: string) => text.replace('/outbound', '/bad')
  await push(commits.b, { [eod]: bad })
  const by = { who: 'ana', why: 'the new folder is wrong' }
  await t.rejects(engine.holds.pin({ job: 'acme/eod', revision: 'ffff', ...by }), {
    message: /ran nothing at revision ffff/,
  })
  await t.rejects(engine.holds.pin({ job: 'acme/none', ...by }), { code: 'JOB_UNKNOWN' })
  t.same(await engine.holds.pin({ job: 'acme/eod', revision: 'aaaaaaa', ...by }), { revision: commits.a })
  t.match(await job('acme/eod'), {
    sync: 'OutOfSync',
    reason: 'PinnedByHand',
    message: `pinned to ${commits.a} by ana: the new folder is wrong`,
    lastAppliedRevision: commits.b,
  })
  const [runId = ''] = await engine.run({ job: 'acme/eod', callCenter: 'tampa' })
  t.match(await ledger.run(runId), { snapshot: before?.snapshot, revision: commits.a })
  await push(commits.c, { [eod]: bad, 'jobs.d/platform/connections/s3.yaml': (text) => `${text}\n` })
  t.match(await job('acme/eod'), { sync: 'OutOfSync' }, 'a commit that leaves it alone changes nothing')
  await push('d'.repeat(40), { [eod]: (text) => text.replace('/outbound', '/good') })
  t.match(await job('acme/eod'), { sync: 'Synced', reason: /Applied|RunInProgress/, holds: [] })
  t.match(await engine.actions({ limit: 5 }), [
    { name: 'unpin', who: 'jobsd', subject: 'acme/eod' },
    { name: 'pin', who: 'ana', why: by.why },
  ])
  await engine.stop()
})

t.test('a pinned job goes back to the newest version by unpin', async (t) => {
  const { engine, push, job } = createGitStage(t)
  await engine.start({ triggers: true })
  await push(commits.b, { [eod]: (text) => text.replace('/outbound', '/newer') })
  await engine.holds.pin({ job: 'acme/eod', revision: commits.a, who: 'ana', why: 'x' })
  t.match(await job('acme/eod'), { sync: 'OutOfSync' })
  await engine.holds.unpin({ job: 'acme/eod', who: 'ben', why: 'y' })
  t.match(await job('acme/eod'), { sync: 'Synced', lastAppliedRevision: commits.b })
  await t.rejects(engine.holds.unpin({ job: 'acme/eod', who: 'ben', why: 'y' }), { message: /is not pinned/ })
  await engine.stop()
})

t.test('a suspended job and a pinned one stay so over a restart', async (t) => {
  const { engine, push, create } = createGitStage(t)
  await engine.start({ triggers: true })
  await push(commits.b, { [eod]: (text) => text.replace('/outbound', '/newer') })
  await engine.holds.pin({ job: 'acme/eod', revision: commits.a, who: 'ana', why: 'x' })
  await engine.holds.suspend({ job: 'acme/eod', who: 'ben', why: 'bank holiday' })
  await engine.stop()
  const second = create()
  t.teardown(() => second.ledger.close())
  await second.engine.start({ triggers: true })
  t.match(await second.engine.status(), {
    jobs: [
      {
        sync: 'OutOfSync',
        health: 'Suspended',
        nextRunAt: null,
        holds: [
          { kind: 'pinned', who: 'ana' },
          { kind: 'suspended', who: 'ben', why: 'bank holiday' },
        ],
      },
    ],
  })
  await second.engine.holds.resume({ job: 'acme/eod', who: 'ana', why: 'over' })
  t.match(await second.engine.status(), { jobs: [{ health: 'Healthy', nextRunAt: /^2026/ }] })
  await second.engine.stop()
})

t.test('a delivery is traced back to the commits that it came from', async (t) => {
  const { engine, push, ledger } = createGitStage(t, {
    source: {
      async vouch(commit) {
        const author = commit === commits.a ? 'Ana <ana@x.example>' : 'Ben <ben@x.example>'
        const signature = { state: 'good', signer: 'Ana', key: 'SHA256:x' } as const
        return {
          facts: { commit, author, authoredAt: '2026-11-22T10:00:00.000Z', signature },
          rewritten: false,
        }
      },
    },
  })
  await engine.start({ triggers: true })
  await push(commits.b, moreJobs(1))
  const [runId = ''] = await engine.run({ job: 'acme/eod', callCenter: 'tampa' })
  const run = await ledger.run(runId)
  t.match(await engine.provenance(runId), {
    run: runId,
    snapshot: run?.snapshot,
    revision: { id: commits.b, commit: { author: 'Ben <ben@x.example>', signature: { signer: 'Ana' } } },
    changedBy: { id: commits.a, commit: { author: 'Ana <ana@x.example>' } },
  })
  await t.rejects(engine.provenance('none'), { code: 'RUN_UNKNOWN' })
  await engine.stop()
})
