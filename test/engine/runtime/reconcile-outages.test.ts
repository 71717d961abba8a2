/** What an engine does while its source is away, refused or broken, and what it tells of it. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  commitOf,
  createGitStage,
  moreJobs,
  sourceAway,
  until,
  vouchForAllBut,
} from '../../fakes/engine-stage.ts'
import { createRepository, placeOf } from '../../fakes/git-remote.ts'
import { sourceOf } from '../../fakes/git-source.ts'
import { editSmall } from '../config/golden.ts'

const signal = new AbortController().signal
const [brokenText = ''] = Object.values(moreJobs(1)).map((text) =>
  text.replace('onEmpty: skip', 'onEmpty: maybe'),
)
const brokenJob = { 'jobs.d/acme/broken.yaml': brokenText.replace('name: more-0', 'name: broken') }

/** Puts a git before the real one whose first fetch loses its connection. */
function breakOneFetch(t: Test): void {
  const path = process.env.PATH ?? ''
  const real = path
    .split(':')
    .map((place) => join(place, 'git'))
    .find((file) => existsSync(file))
  const folder = join(t.testdirName, 'bin')
  const script = `#!/bin/sh
case " $* " in *" fetch "*) if [ ! -e ${folder}/once ]; then
  : > ${folder}/once; echo 'fatal: the remote end hung up unexpectedly' >&2; exit 128
fi ;; esac
exec ${real} "$@"
`
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'git'), script, { mode: 0o755 })
  process.env.PATH = `${folder}:${path}`
  t.teardown(() => {
    process.env.PATH = path
  })
}

function typeIn(repository: string, name: string): string {
  return execFileSync('git', ['cat-file', '-t', name], { cwd: repository, encoding: 'utf8' })
}

t.test('an outage that is told in other words each time is one outage', async (t) => {
  const { engine, ledger, state, clock, titles, log } = createGitStage(t)
  await engine.start({ triggers: true })
  for (let read = 1; read <= 40; read++) {
    state.unreadable = sourceAway(`failed to connect after ${read} ms`)
    engine.reload()
    await until(() => engine.sync().last?.message.includes(`after ${read} ms`) ?? false)
    clock.jump(30_000)
  }
  state.unreadable = undefined
  engine.reload()
  await until(() => engine.sync().last?.outcome === 'applied')
  await engine.stop()
  t.same(titles(), ['the source cannot be read', 'all jobs are in sync again'])
  t.match(await ledger.syncs(100), [
    { outcome: 'applied' },
    { outcome: 'unread', times: 40, message: /after 40 ms/ },
    { outcome: 'applied' },
  ])
  t.equal(log.lines.filter((line) => line.startsWith('error')).length, 1, 'and logged once')
})

t.test('patience begins with the outage, however long ago something was applied', async (t) => {
  const { engine, clock, state, titles, restart } = createGitStage(t)
  await engine.start({ triggers: true })
  await engine.stop()
  clock.jump(10 * 60_000)
  state.unreadable = sourceAway()
  const second = await restart()
  t.equal(second.engine.sync().last?.outcome, 'unread')
  state.unreadable = undefined
  second.engine.reload()
  await until(() => second.engine.sync().last?.outcome === 'applied')
  await second.engine.stop()
  t.same(titles(), [], 'a moment is nothing to tell')
})

t.test('an outage is told in time though the clock is set back', async (t) => {
  const { engine, clock, state, titles } = createGitStage(t)
  await engine.start({ triggers: true })
  state.unreadable = sourceAway()
  engine.reload()
  await until(() => engine.sync().last?.outcome === 'unread')
  clock.jump(-60 * 60_000)
  for (let read = 2; read < 8; read++) {
    clock.jump(60_000)
    engine.reload()
    await until(() => engine.sync().last?.times === read)
  }
  await engine.stop()
  t.same(titles(), ['the source cannot be read'])
})

t.test('a refusal is over when all is well, whatever came between', async (t) => {
  const { engine, push, state, titles } = createGitStage(t, {
    source: { vouch: vouchForAllBut(commitOf('b')) },
  })
  await engine.start({ triggers: true })
  await push(commitOf('b'), {})
  state.unreadable = sourceAway()
  engine.reload()
  await until(() => engine.sync().last?.outcome === 'unread')
  state.unreadable = undefined
  await push(commitOf('c'), {})
  await engine.stop()
  t.same(titles(), ['a revision was refused', 'all jobs are in sync again'])
})

t.test('a refused commit is asked for no more often than any other', async (t) => {
  const { engine, clock, state, restart } = createGitStage(t, {
    source: { vouch: vouchForAllBut(commitOf('b')) },
  })
  await engine.start({ triggers: true })
  await engine.stop()
  state.tree = { ...editSmall({}), revision: commitOf('b') }
  const second = await restart()
  const times = () => second.engine.sync().last?.times ?? 0
  await until(() => times() === 2)
  const startMs = clock.now().getTime()
  await until(async () => {
    await clock.advance(1_000)
    return times() === 4
  })
  t.ok(clock.now().getTime() - startMs >= 48_000, 'two rescans, a fifth sooner at most')
  await second.engine.stop()
})

t.test('more jobs that break at the same revision are told, as after an upgrade', async (t) => {
  const { engine, clock, state, titles, restart } = createGitStage(t)
  state.tree = { ...editSmall({ ...moreJobs(3), ...brokenJob }), revision: commitOf('a') }
  await engine.start({ triggers: true })
  await engine.stop()
  const also = brokenText.replace('name: more-0', 'name: more-1')
  const now = { 'jobs.d/acme/more-0.yaml': brokenText, 'jobs.d/acme/more-1.yaml': also }
  state.tree = { ...editSmall({ ...moreJobs(3), ...brokenJob, ...now }), revision: commitOf('a') }
  for (let start = 0; start < 2; start++) {
    clock.jump(60_000)
    await (await restart()).engine.stop()
  }
  t.same(titles(), ['1 job does not compile', '3 jobs do not compile'], 'once, also over restarts')
})

t.test('the same trouble again, after it was over, is told again', async (t) => {
  const { engine, clock, push, titles } = createGitStage(t)
  await engine.start({ triggers: true })
  for (let day = 0; day < 2; day++) {
    await push('sha256:bad', brokenJob)
    await push('sha256:good', {})
    clock.jump(24 * 60 * 60_000)
  }
  await engine.stop()
  const [began, ended] = ['1 job does not compile', 'all jobs are in sync again']
  t.same(titles(), [began, ended, began, ended])
})

t.test('a trigger that cannot be watched is tried again soon, in an outage as well', async (t) => {
  const { engine, clock, state, watched, restart } = createGitStage(t)
  await engine.start({ triggers: true })
  await engine.stop()
  state.unreadable = sourceAway()
  watched.push('acme/eod breaks')
  const second = await restart()
  const times = () => second.engine.sync().last?.times ?? 0
  await until(() => times() === 2)
  t.same(watched, ['acme/eod breaks'])
  watched.pop()
  const startMs = clock.now().getTime()
  await until(async () => {
    await clock.advance(1_000)
    return times() === 3
  })
  t.same(watched, ['acme/eod'])
  t.ok(clock.now().getTime() - startMs <= 10_000, 'long before the next rescan')
  await second.engine.stop()
})

t.test(
  'a fetch that is broken off leaves the mirror its history, also of a branch pushed anew',
  async (t) => {
    const { remotes, mirror } = placeOf(t)
    const repository = createRepository(join(remotes, 'config.git'))
    const first = repository.commit({ 'jobs.d/acme/eod.yaml': 'a: 1\n' })
    const accepted = repository.commit({ 'jobs.d/acme/eod.yaml': 'a: 2\n' })
    const source = sourceOf(mirror, repository.url)
    t.equal((await source.read(signal)).revision, accepted)
    repository.git(['update-ref', 'refs/heads/main', first])
    const forced = repository.commit({ 'jobs.d/acme/eod.yaml': 'a: 3\n' })
    breakOneFetch(t)
    await t.rejects(source.read(signal), { code: 'SOURCE_UNREACHABLE', message: /hung up/ })
    t.equal((await source.read(signal)).revision, forced)
    t.equal(typeIn(mirror, accepted), 'commit\n', 'what was accepted can still be compared with')
  },
)
