import '../../fakes/clean-children.ts'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { dataFolderOf } from '../../../engine/adapters/data-folder.ts'
import { connectControl } from '../../../engine/cli/control-client.ts'
import type { CliParts, StartOptions } from '../../../engine/cli/parts.ts'
import { runCommandLine } from '../../../engine/cli/program.ts'
import { mainFile } from '../../../scripts/demo/engine-process.ts'
import { createRepository } from '../../fakes/git-remote.ts'
import { makeShortFolder } from '../../fakes/signed-repository.ts'
import { editSmall } from '../config/golden.ts'

const url = 'https://git.example/config.git'

/** What the engine would be started with; undefined where the command line is refused. */
async function start(args: string[], env: NodeJS.ProcessEnv = {}) {
  const started: StartOptions[] = []
  const err: string[] = []
  const parts: Partial<CliParts> = {
    print: () => undefined,
    warn: (text) => void err.push(text),
    env,
    start: async (options) => void started.push(options),
  }
  const code = await runCommandLine(['start', ...args], '0.0.0', parts as CliParts)
  return { code, options: started[0], err: err.join('\n') }
}

t.test('a folder is the source unless a Git remote is named', async (t) => {
  t.same((await start([])).options, {
    sources: { source: { folder: '.' }, platform: undefined, pollMs: undefined },
    data: './.jobsd',
    listen: '127.0.0.1:8080',
  })
  t.match((await start(['/srv/config'])).options, {
    sources: { source: { folder: '/srv/config' } },
    data: '/srv/config/.jobsd',
  })
  t.same((await start(['--repo', url])).options, {
    sources: { source: { url, branch: 'main', path: '' }, platform: undefined, pollMs: undefined },
    data: './.jobsd',
    listen: '127.0.0.1:8080',
  })
  const named = ['--repo', url, '--branch', 'live', '--path', 'eu/config', '--poll', '5m', '--data', '/d']
  t.match((await start(named)).options, {
    sources: { source: { url, branch: 'live', path: 'eu/config' }, pollMs: 300_000 },
    data: '/d',
  })
})

t.test('the environment names them too, and the command line wins', async (t) => {
  const env = { JOBSD_REPO: url, JOBSD_BRANCH: 'live', JOBSD_DATA: '/d', JOBSD_PLATFORM: '/ops' }
  t.same((await start([], env)).options?.sources, {
    source: { url, branch: 'live', path: '' },
    platform: { folder: '/ops' },
    pollMs: undefined,
  })
  t.match((await start(['--branch', 'next', '--path', 'a'], env)).options, {
    sources: { source: { url, branch: 'next', path: 'a' } },
    data: '/d',
  })
  t.match((await start(['/srv/config'], env)).options?.sources, { source: { folder: '/srv/config' } })
  t.match((await start(['--repo', 'git@h:x'], env)).options?.sources, { source: { url: 'git@h:x' } })
})

t.test("the operators' documents come from a folder or from a branch of their own remote", async (t) => {
  const platform = async (text: string) => (await start(['--platform', text])).options?.sources.platform
  t.same(await platform('ops'), { folder: 'ops' })
  t.same(await platform('./a#b'), { folder: './a#b' }, 'a folder may have a #')
  t.same(await platform(url), { url, branch: 'main', path: '' })
  t.same(await platform(`${url}#ops/live`), { url, branch: 'ops/live', path: '' })
  t.same(await platform('git@git.example:ops.git#live'), {
    url: 'git@git.example:ops.git',
    branch: 'live',
    path: '',
  })
  t.match((await start(['--platform', url, '--poll', '1s'])).options?.sources, { pollMs: 1_000 })
})

t.test('what contradicts itself starts nothing', async (t) => {
  const refused: [string[], RegExp][] = [
    [['/srv', '--repo', url], /a folder and --repo are both given/],
    [['.', '--repo', url], /both given/],
    [['--branch', 'live'], /--branch is for --repo/],
    [['--path', 'a'], /--path is for --repo/],
    [['/srv', '--poll', '5s'], /--poll is for Git remotes/],
    ...['999ms', '0s', '-1s', '25h', '2d', 'soon', '30', ''].map((poll): [string[], RegExp] => [
      ['--repo', url, '--poll', poll],
      /not a duration from 1s to 1d/,
    ]),
  ]
  for (const [args, err] of refused)
    t.match(await start(args), { code: 2, options: undefined, err }, args.join(' '))
})

/** `jobsd start` as a process of its own; resolves once it is ready. */
async function startProcess(t: Test, args: string[], env: Record<string, string>) {
  const child: ChildProcess = spawn(process.execPath, [mainFile, 'start', ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const lines: string[] = []
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      lines.push(line)
      const { msg, address: told } = JSON.parse(line) as { msg: string; address?: string }
      if (msg === 'ready' && told) resolve(told)
    })
    child.once('exit', () => reject(new Error(lines.join('\n'))))
  })
  return {
    address,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

t.test('the engine follows two Git remotes, and a signed hook makes it look at once', async (t) => {
  const root = makeShortFolder(t)
  const small = [...editSmall({}).files].map(([path, { content }]) => [path, Buffer.from(content)] as const)
  const prefix = 'jobs.d/platform/'
  const platform = createRepository(join(root, 'ops'))
  const operators = small.flatMap(([path, content]) =>
    path.startsWith(prefix) ? [[path.slice(prefix.length), content] as const] : [],
  )
  const ops = platform.commit(Object.fromEntries(operators), { branch: 'live' })
  const repository = createRepository(join(root, 'config'))
  const files = Object.fromEntries(
    small.flatMap(([path, content]) => (path.startsWith(prefix) ? [] : [[`eu/${path}`, content] as const])),
  )
  const before = repository.commit(files)
  const data = join(root, 'data')
  const { address, stop } = await startProcess(
    t,
    // Only the hook can make it look before the test is over.
    ['--repo', repository.url, '--path', 'eu', '--poll', '1h', '--listen', '127.0.0.1:0'],
    {
      JOBSD_DATA: data,
      JOBSD_PLATFORM: `${platform.url}#live`,
      JOBSD_SECRET_GIT_WEBHOOK: 'hook',
      JOBSD_SECRET_OPERATORS_TOKEN: 'operators',
    },
  )
  for (const name of ['repository.git', 'platform.git'])
    t.equal(statSync(join(data, 'git', name)).mode & 0o777, 0o700, name)
  const engine = (await connectControl(dataFolderOf(data).socket))!
  const status = await engine.status()
  t.match(status.revision, {
    attempted: `${before}+${ops}`,
    applied: `${before}+${ops}`,
    source: `${repository.url}#main:eu + ${platform.url}#live`,
  })
  t.match(status.jobs, [{ job: 'acme/eod', sync: 'Synced' }])
  t.match(status.syncs, [{ commit: { commit: before, author: 'Test <test@example.com>' } }])

  const after = repository.commit({ ...files, 'eu/jobs.d/README.md': 'new' })
  const headers = { 'x-gitlab-token': 'hook', 'content-type': 'application/json' }
  const hooked = await fetch(`${address}/v1/hooks/git`, { method: 'POST', headers, body: '{}' })
  t.equal(hooked.status, 202)
  for (const untilMs = Date.now() + 20_000; Date.now() < untilMs; ) {
    if ((await engine.status()).revision.applied === `${after}+${ops}`) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.match(await engine.status(), { revision: { applied: `${after}+${ops}` } })
  const told = await fetch(`${address}/v1/status`, { headers: { authorization: 'Bearer operators' } })
  t.match(await told.json(), { revision: { applied: `${after}+${ops}` } })
  t.equal(await stop(), 0)
  t.notOk(existsSync(join(root, '.jobsd')))
})
