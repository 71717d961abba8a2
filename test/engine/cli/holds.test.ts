import '../../fakes/clean-children.ts'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { dataFolderOf, lockDataFolder } from '../../../engine/adapters/data-folder.ts'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { connectControl } from '../../../engine/cli/control-client.ts'
import type { CliParts } from '../../../engine/cli/parts.ts'
import { runCommandLine } from '../../../engine/cli/program.ts'
import { listenForControl } from '../../../engine/server/control.ts'
import { runJobsd } from '../../e2e/stage.ts'
import { createRepository } from '../../fakes/git-remote.ts'
import { makeShortFolder } from '../../fakes/signed-repository.ts'
import { commitOf, startSmallEngine } from '../../fakes/small-engine.ts'
import { copySmall } from '../../fakes/small-repository.ts'
import { editSmall } from '../config/golden.ts'

const eod = 'jobs.d/acme/eod.yaml'
const retitled = (text: string): string => text.replace(/^title: .*$/m, 'title: Another')

/** A running engine, and commands that reach it through its socket. */
async function createStage(t: Test) {
  const stage = await startSmallEngine(t)
  const socket = join(makeShortFolder(t), 's')
  const control = await listenForControl(socket, stage.engine, () =>
    Promise.reject(new Error('no events here')),
  )
  t.teardown(() => control.close())

  async function jobsd(args: string[], env: NodeJS.ProcessEnv = {}) {
    const [out, err]: [string[], string[]] = [[], []]
    const parts: Partial<CliParts> = {
      print: (text) => void out.push(text),
      warn: (text) => void err.push(text),
      env,
      user: () => 'root',
      connect: async () => (await connectControl(socket))!,
    }
    const code = await runCommandLine(args, '0.0.0', parts as CliParts)
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  return { ...stage, jobsd }
}

t.test('a job is suspended and resumed, each with who and why', async (t) => {
  const { jobsd, engine, ledger } = await createStage(t)
  const suspended = await jobsd(['suspend', 'acme/eod', '--why', ' their server moves '], {
    SUDO_USER: 'ana',
  })
  t.same(suspended, {
    code: 0,
    out: 'acme/eod is suspended: nothing of it begins by itself until it is resumed',
    err: '',
  })
  t.match(await ledger.holds(), [
    { job: 'acme/eod', kind: 'suspended', who: 'ana', why: 'their server moves' },
  ])
  t.match((await engine.status()).jobs, [{ health: 'Suspended', reason: 'SuspendedByHand', nextRunAt: null }])

  const resumed = await jobsd(['resume', 'acme/eod', '--why', 'moved'])
  t.match(resumed, { code: 0, out: 'acme/eod is resumed: it runs when it is due' })
  t.same(await ledger.holds(), [])
  t.match((await engine.status()).jobs, [{ health: 'Healthy' }])
  const actions = await jobsd(['status', '--actions'])
  t.match(actions.out, /root +resume acme\/eod +moved\n.* +ana +suspend acme\/eod +their server moves$/)
})

t.test('who it was is --as, then the user behind sudo, then the user', async (t) => {
  const { jobsd } = await createStage(t)
  const who = async (args: string[], env: NodeJS.ProcessEnv) =>
    JSON.parse((await jobsd(['suspend', 'acme/eod', '--why', 'x', '--json', ...args], env)).out)
  t.match(await who(['--as', 'Bo'], { SUDO_USER: 'ana' }), { who: 'Bo' })
  t.match(await who([], { SUDO_USER: 'ana' }), { who: 'ana' })
  t.match(await who([], { SUDO_USER: '' }), { who: 'root' })
  t.same(await who([], {}), {
    job: 'acme/eod',
    action: 'suspend',
    who: 'root',
    why: 'x',
    isInForce: true,
  })
})

t.test('a pin keeps the version that runs until a newer commit touches the job', async (t) => {
  const { jobsd, engine, push } = await createStage(t)
  const pinned = await jobsd(['pin', 'acme/eod', '--why', 'wait for them', '--as', 'ana'])
  t.equal(
    pinned.out,
    'acme/eod is pinned to what it ran at aaaaaaaaaaaa, until a newer commit touches it or it is unpinned',
  )
  await push('b', { 'jobs.d/README.md': 'nothing of the job' })
  t.match((await engine.status()).jobs, [{ sync: 'OutOfSync', reason: 'PinnedByHand' }])
  const { code, out } = await jobsd(['status'])
  t.equal(code, 0, 'what is meant is no failure')
  t.match(out, /^acme\/eod: pinned to aaaaaaaaaaaa by ana: wait for them$/m)
  t.equal(out.split('wait for them').length, 2, 'it is told once')
  await push('c', { [eod]: retitled })
  t.match((await engine.status()).jobs, [{ sync: 'Synced', lastAppliedRevision: commitOf('c'), holds: [] }])
})

t.test('a pin may name what the job ran at an earlier revision, and ends by hand', async (t) => {
  const { jobsd, engine, push } = await createStage(t)
  await push('b', { [eod]: retitled })
  const version = async (): Promise<string | undefined> => {
    const [id = ''] = await engine.run({ job: 'acme/eod' })
    return (await engine.runDetail(id))?.snapshot
  }
  const newest = await version()
  const pin = ['pin', 'acme/eod', '--why', 'the old columns', '--revision']
  t.match(await jobsd([...pin, 'aaaa']), { code: 0, out: / ran at a{12},/ })
  const old = await version()
  t.not(old, newest)
  const unknown = await jobsd([...pin, 'cccc'])
  t.match(unknown, { code: 2, err: /ran nothing at revision cccc; its last versions came with b+, a+$/ })
  t.match(await jobsd([...pin, 'aaa']), { code: 2, err: /by four characters at least/ })
  t.match(await jobsd([...pin, '']), { code: 2, err: /by four characters at least/ })
  t.equal(await version(), old)
  t.match(await jobsd(['unpin', 'acme/eod', '--why', 'they agree']), { code: 0, out: /newest version runs$/ })
  t.equal(await version(), newest)
})

t.test('what is not said rightly is refused and changes nothing', async (t) => {
  const { jobsd, ledger } = await createStage(t)
  const refused: [string, string[], RegExp][] = [
    ['no why', [], /--why/],
    ['an empty why', ['--why', '  '], /why it is must be said/],
    ['two lines', ['--why', 'a\nb'], /why has line breaks/],
    ['an escape sequence', ['--why', 'a\u001b[2J'], /why has line breaks/],
    ['a direction override', ['--why', 'a\u202eb'], /why has line breaks/],
    ['501 characters', ['--why', 'x'.repeat(501)], /why has more than 500/],
    ['an empty who', ['--why', 'x', '--as', ''], /who it is must be said/],
    ['a who of two lines', ['--why', 'x', '--as', 'a\nb'], /who has line breaks/],
  ]
  for (const [name, args, err] of refused) {
    for (const action of ['suspend', 'pin'])
      t.match(await jobsd([action, 'acme/eod', ...args]), { code: 2, err }, `${action}: ${name}`)
  }
  t.match(await jobsd(['suspend', 'acme/eot', '--why', 'x']), { code: 2, err: /did you mean "acme\/eod"/ })
  t.match(await jobsd(['resume', 'acme/eod', '--why', 'x']), { code: 2, err: /acme\/eod is not suspended/ })
  t.match(await jobsd(['unpin', 'acme/eod', '--why', 'x']), { code: 2, err: /acme\/eod is not pinned/ })
  t.same([await ledger.holds(), await ledger.actions({ limit: 9 })], [[], []])
  t.equal((await jobsd(['suspend', 'acme/eod', '--why', 'é'.repeat(500)])).code, 0)
})

t.test('the socket takes no request of another shape', async (t) => {
  const { engine, ledger } = await startSmallEngine(t)
  const socket = join(makeShortFolder(t), 's')
  const control = await listenForControl(socket, engine, () => Promise.reject(new Error('no events here')))
  t.teardown(() => control.close())
  const client = (await connectControl(socket))!
  const whole = { job: 'acme/eod', who: 'a', why: 'b' }
  const requests = [{}, { ...whole, why: 1 }, { ...whole, who: null }, { ...whole, job: ['acme/eod'] }]
  for (const request of [...requests, { ...whole, revision: 5 }])
    await t.rejects(client.hold('pin', request as never), { code: 'BAD_REQUEST' }, JSON.stringify(request))
  t.same(await ledger.holds(), [])
})

t.test('without an engine the data folder takes it for the next start', async (t) => {
  const root = t.testdir({ work: {} })
  const repository = createRepository(join(root, 'remote'))
  const files = Object.fromEntries(
    [...editSmall({}).files].map(([path, { content }]) => [path, Buffer.from(content)]),
  )
  const commit = repository.commit(files)
  const data = join(root, 'data')
  const env = { PATH: process.env.PATH ?? '', JOBSD_DATA: data, JOBSD_REPO: repository.url }

  const early = await runJobsd(['suspend', 'acme/eod', '--why', 'x'], env)
  t.match(early, { code: 2, stderr: /no engine runs on .*ENGINE_NOT_RUNNING/ }, 'nothing was ever there')

  const lock = lockDataFolder(data)
  const { stop } = await startSmallEngine(t, dataFolderOf(data).ledger)
  const busy = await runJobsd(['suspend', 'acme/eod', '--why', 'x'], env)
  t.match(busy, { code: 2, stderr: /ENGINE_RUNNING/ }, 'somebody else has the folder')
  await stop()
  lock.release()

  const nowhere = await runJobsd(['pin', 'acme/eod', '--why', 'z', '--dir', join(root, 'work')], env)
  t.match(nowhere, { code: 0 }, 'also where the source cannot be read')
  const suspended = await runJobsd(['suspend', 'acme/eod', '--why', 'x', '--as', 'ana'], env)
  t.match(
    suspended,
    { code: 0, stdout: /^acme\/eod is suspended from the next start on: / },
    suspended.stderr,
  )
  const pinned = await runJobsd(['pin', 'acme/eod', '--why', 'y', '--json'], env)
  t.match(JSON.parse(pinned.stdout), { revision: commit, isInForce: false }, 'JOBSD_REPO was read')

  const kept = openSqliteLedger(dataFolderOf(data).ledger)
  t.teardown(() => kept.close())
  t.match(await kept.holds(), [
    { job: 'acme/eod', kind: 'pinned', why: 'y' },
    { job: 'acme/eod', kind: 'suspended', who: 'ana' },
  ])
})

t.test('a folder serves as the source of a hold too', async (t) => {
  const dir = copySmall(t)
  const data = join(dir, '.jobsd')
  lockDataFolder(data).release()
  await openSqliteLedger(dataFolderOf(data).ledger).close()
  const pinned = await runJobsd(['pin', 'acme/eod', '--why', 'y', '--dir', dir], {
    PATH: process.env.PATH ?? '',
  })
  t.match(pinned, {
    code: 0,
    stdout: /^acme\/eod is pinned from the next start on to what it ran at sha256:/,
  })
})
