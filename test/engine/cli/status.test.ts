import t, { type Test } from 'tap'
import { connectEngine, connectLedger } from '../../../engine/cli/local-client.ts'
import type { CliParts } from '../../../engine/cli/parts.ts'
import { runCommandLine } from '../../../engine/cli/program.ts'
import { describeCounts } from '../../../engine/cli/sync-words.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import { commitOf, startSmallEngine, treeOf } from '../../fakes/small-engine.ts'

const eod = 'jobs.d/acme/eod.yaml'
const another = 'jobs.d/acme/other.yaml'

function textOf(path: string): string {
  return new TextDecoder().decode(treeOf('a', {}).files.get(path)?.content)
}

async function createStage(t: Test) {
  const stage = await startSmallEngine(t)
  const { engine, ledger, clock } = stage

  /** `jobsd status`, from the engine or from its ledger alone. */
  async function status(args: string[] = [], from: 'engine' | 'ledger' = 'engine') {
    const [out, err]: [string[], string[]] = [[], []]
    const reader = connectLedger({ ...ledger, close: async () => undefined }, clock, '/data')
    const parts: Partial<CliParts> = {
      print: (text) => void out.push(text),
      warn: (text) => void err.push(text),
      env: {},
      connect: async () => (from === 'engine' ? connectEngine(engine, async () => undefined) : reader),
    }
    const code = await runCommandLine(['status', ...args], '0.0.0', parts as CliParts)
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  return { ...stage, status }
}

t.test('status says what is read, when it was, and how each job is', async (t) => {
  const { status, clock } = await createStage(t)
  clock.jump(60_000)
  const { code, out } = await status()
  t.equal(code, 0)
  t.equal(
    out,
    [
      'source     https://git.example/config.git#main',
      'attempted  aaaaaaaaaaaa',
      'applied    aaaaaaaaaaaa',
      'last read  2026-11-22T12:00:00.000Z',
      '',
      'JOB       SYNC    HEALTH   REASON   NEXT RUN',
      'acme/eod  Synced  Healthy  Applied  2026-11-24T00:30:00.000Z',
    ].join('\n'),
  )
  t.match(await status(['--syncs', '--actions', '--removed']), {
    code: 0,
    out: /applied +Applied +1 added +0 +Ana Flores <ana@example\.com>, signature not checked\n\nnothing was done by hand yet\n\nno job was removed yet$/,
  })
})

t.test('a job that does not compile is told with its place, and fails', async (t) => {
  const { status, push } = await createStage(t)
  await push('b', { [eod]: 'kind: Broken' })
  const { code, out } = await status(['--syncs'])
  t.equal(code, 1)
  t.match(out, /^attempted {2}b{12}\napplied {4}a{12}$/m)
  t.match(out, /^trouble {4}in force but for: acme\/eod: jobs\.d\/acme\/eod\.yaml:1:7: .*\[schema\]$/m)
  t.match(out, /^acme\/eod +Invalid +Healthy +InvalidManifest /m)
  t.match(out, /^acme\/eod: jobs\.d\/acme\/eod\.yaml:1:7: .*\[schema\]$/m)
  t.match(out, /^2026\S+ +b{12} +partly +InvalidManifests +1 invalid +0 +Ana Flores/m)
})

t.test('a held job that does not compile tells both', async (t) => {
  const { status, push, engine } = await createStage(t)
  await engine.holds.suspend({ job: 'acme/eod', who: 'ana', why: 'they move' })
  t.match((await status()).out, /^acme\/eod: suspended by ana: they move$/m)
  await push('b', { [eod]: 'kind: Broken' })
  const { out } = await status()
  t.match(out, /^acme\/eod: jobs\.d.*\[schema\]\nacme\/eod: suspended by ana: they move$/m)
})

t.test('a source that cannot be read is told since when and why, and fails', async (t) => {
  const { status, state, clock, engine, until } = await createStage(t)
  state.failure = new JobsdError('SOURCE_UNREACHABLE', { source: 'git.example', reason: 'no\u001b[2J route' })
  for (const round of [1, 2, 3]) {
    clock.jump(60_000)
    engine.reload()
    await until(() => engine.sync().last?.times === round && engine.sync().last?.outcome === 'unread')
  }
  const { code, out } = await status(['--syncs'])
  t.equal(code, 1)
  t.match(out, /^last read {2}2026-11-22T12:00:00\.000Z$/m)
  t.match(out, /^attempted {2}a{12}$/m)
  const trouble =
    /^trouble {4}cannot be read since 2026-11-22T12:01:00\.000Z \(3 times\): cannot reach git.example: no \[2J route$/m
  t.match(out, trouble, 'without control characters')
  t.match(out, /^acme\/eod +Synced +Healthy /m, 'the jobs are not to blame')
  t.match(out, /^2026-11-22T12:03:00\.000Z +- +unread \(3 times\) +SourceUnreachable +- +0 +-$/m)
  const { source, syncs } = JSON.parse((await status(['--json'])).out)
  t.match(source, { ok: false, reason: 'SourceUnreachable', lastReadAt: '2026-11-22T12:00:00.000Z' })
  t.match(syncs, [{ outcome: 'unread', times: 3 }, { outcome: 'applied' }])
  t.match(await status([], 'ledger'), { code: 1, out: trouble }, 'the ledger alone knows it too')
  t.match((await status([], 'ledger')).out, /^last read {2}2026-11-22T12:00:00\.000Z$/m)
})

t.test('a revision that is refused is told, and fails', async (t) => {
  const { status, push } = await createStage(t)
  await push('b', { [eod]: null })
  const { code, out } = await status(['--syncs'])
  t.equal(code, 1)
  t.match(out, /^trouble {4}refused since \S+: the source holds no job at all, 1 run$/m)
  t.match(out, /^\S+ +b{12} +refused +NoJobs +- /m)
})

t.test('a sync tells its signer, and jobs that are gone are listed', async (t) => {
  const { status, push, state } = await createStage(t)
  await push('b', { [another]: textOf(eod).replace(/^name: eod$/m, 'name: other') })
  state.signature = { state: 'good', signer: 'Ana Flores', key: 'SHA256:abc' }
  await push('c', {})
  const { out } = await status(['--syncs', '--removed'])
  t.match(
    out,
    /^\S+ +c{12} +applied +Applied +1 removed +0 +Ana Flores <ana@example\.com>, signed by Ana Flores$/m,
  )
  t.match(out, /^REMOVED JOB +AT\nacme\/other +2026-11-22T12:00:00\.000Z$/m)
  t.notMatch((await status()).out, /acme\/other/)
  t.match(JSON.parse((await status(['--json'])).out), {
    revision: { applied: commitOf('c') },
    removed: [{ job: 'acme/other', at: '2026-11-22T12:00:00.000Z' }],
    actions: [],
  })
})

t.test('counts are told in words, zeros are not', async (t) => {
  const none = { added: 0, changed: 0, renamed: 0, removed: 0, kept: 0, invalid: 0, unchanged: 7 }
  t.equal(describeCounts(none), 'nothing')
  t.equal(describeCounts({ ...none, changed: 2, added: 1, invalid: 3 }), '2 changed, 1 added, 3 invalid')
  t.equal(describeCounts({ ...none, renamed: 1, removed: 2, kept: 11 }), '1 renamed, 2 removed, 11 kept')
})
