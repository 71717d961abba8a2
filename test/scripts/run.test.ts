import '../fakes/clean-children.ts'
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'

const scripts = join(import.meta.dirname, '../../scripts')
const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

/** Told by its environment: fails, or holds until the file `go` is there. Keeps a line for each time it ran. */
const fakeNpm = `#!/usr/bin/env node
import fs from 'node:fs'
import { dirname, join } from 'node:path'
const { NPM_LOG, NPM_DOES = '', NPM_NODE } = process.env
fs.appendFileSync(NPM_LOG, process.argv.slice(2, 3).join(' ') + '\\n')
if (NPM_DOES === 'fail') process.exit(1)
console.log('npm runs')
fs.rmSync('node_modules', { recursive: true, force: true })
const timer = setInterval(() => {
  if (NPM_DOES === 'hold' && !fs.existsSync(join(dirname(NPM_LOG), 'go'))) return
  clearInterval(timer)
  fs.mkdirSync('node_modules/${nodePackage}', { recursive: true })
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
  if (NPM_NODE) fs.writeFileSync('node_modules/${nodePackage}/package.json', NPM_NODE)
}, 10)
`

const engine = `
const [does] = process.argv.slice(2)
if (does === 'wait') {
  const alive = setInterval(() => {}, 1000)
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(name, () => { console.log(name); clearInterval(alive); process.exitCode = 7 })
  }
  console.log('pid ' + process.pid)
} else console.log(JSON.stringify(process.argv.slice(2)))
`

const lockfile = (version: string, more: Record<string, unknown> = {}) =>
  JSON.stringify({ packages: { '': {}, 'node_modules/a': { version, integrity: version }, ...more } })

/** A checkout in a folder with a space, and a PATH that holds nothing but Node and that npm. */
function createCheckout(t: Test) {
  const base = t.testdir({
    bin: {},
    'a checkout': {
      engine: { 'main.ts': engine },
      scripts: { 'tool.ts': engine, runtime: {} },
      'package.json': '{ "type": "module" }',
      'package-lock.json': lockfile('1.0.0'),
    },
  })
  const root = join(base, 'a checkout')
  for (const part of ['run.mjs', 'jobsd.mjs', 'launch']) {
    cpSync(join(scripts, part), join(root, 'scripts', part), { recursive: true })
  }
  const runtimeLock = lockfile('1.0.0', {
    [`node_modules/${nodePackage}`]: { version: '24.0.0', optional: true },
  })
  writeFileSync(join(root, 'scripts/runtime/package-lock.json'), runtimeLock)
  symlinkSync(process.execPath, join(base, 'bin/node'))
  writeFileSync(join(base, 'bin/npm'), fakeNpm, { mode: 0o755 })
  const log = join(base, 'npm.log')
  const start = (args: string[], env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, args, {
      cwd: base,
      env: { PATH: join(base, 'bin'), NPM_LOG: log, ...env },
    })
    t.teardown(() => child.kill('SIGKILL'))
    return follow(child)
  }
  const script = (name: string) => join(root, 'scripts', name)
  return {
    base,
    root,
    start,
    jobsd: (args: string[], env?: Record<string, string>) => start([script('jobsd.mjs'), ...args], env),
    tool: (args: string[] = [], env?: Record<string, string>) =>
      start([script('run.mjs'), 'scripts/tool.ts', ...args], env),
    /** As in a Node of that version. */
    findNode: (version: string, env?: Record<string, string>) => {
      const file = JSON.stringify(pathToFileURL(script('launch/find-node.mjs')).href)
      const call = `findNode(${JSON.stringify(script('runtime'))}, 'run', ${JSON.stringify(version)})`
      const show = `.then(console.log, ({ message, exitCode }) => console.log(exitCode, message))`
      return start(['-e', `import(${file}).then(({ findNode }) => ${call})${show}`], env)
    },
    installs: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').length : 0),
    locks: () => readdirSync(root).filter((name) => name.startsWith('.jobsd')),
  }
}

function follow(child: ChildProcessWithoutNullStreams) {
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  let seen = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (seen += chunk))
  return {
    child,
    ended: closed.then(async (code) => ({ code, stdout: await stdout, stderr: await stderr })),
    /** Resolves with what the pattern finds in the output, as soon as it does. */
    async says(pattern: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        const found = pattern.exec(seen)
        if (found) return found
        await Promise.race([
          ...[child.stdout, child.stderr].map(
            (stream) => new Promise((resolve) => stream.once('data', resolve)),
          ),
          closed.then((code) => Promise.reject(new Error(`ended with ${code}: ${seen}`))),
        ])
      }
    },
  }
}

t.test("packages are installed once, and the arguments and the exit code are the program's", async (t) => {
  const { tool, jobsd, installs, locks } = createCheckout(t)
  const first = await tool(['a b', '--c=*']).ended
  t.match(first, {
    code: 0,
    stdout: '["a b","--c=*"]\n',
    stderr: /^jobsd: installing the packages \.\.\.\nnpm runs\n$/,
  })
  t.match(await jobsd(['status']).ended, { code: 0, stdout: '["status"]\n', stderr: '' })
  t.equal(installs(), 1)
  t.same(locks(), [])
})

t.test('of two first starts one installs and the other waits for it', async (t) => {
  const { base, tool, jobsd, installs, locks } = createCheckout(t)
  const first = tool([], { NPM_DOES: 'hold' })
  await first.says(/installing/)
  const second = jobsd(['second'], { NPM_DOES: 'hold' })
  await second.says(new RegExp(`waiting for process ${first.child.pid}, `))
  writeFileSync(join(base, 'go'), '')
  t.match(await Promise.all([first.ended, second.ended]), [{ code: 0 }, { code: 0, stdout: '["second"]\n' }])
  t.equal(installs(), 1)
  t.same(locks(), [])
})

t.test('the lock of an install that was killed holds nobody up', async (t) => {
  const { root, tool, installs, locks } = createCheckout(t)
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  mkdirSync(join(root, '.jobsd-installing'))
  writeFileSync(join(root, '.jobsd-installing/pid'), String(pid))
  const both = [tool(['1']), tool(['2'])]
  t.match(await Promise.all(both.map(({ ended }) => ended)), [{ code: 0 }, { code: 0 }])
  t.equal(installs(), 1)
  t.same(locks(), [])
})

t.test('a plain npm ci will do; with an older one a tool installs, and the engine only tells', async (t) => {
  const { root, tool, jobsd, installs } = createCheckout(t)
  const record = join(root, 'node_modules/.package-lock.json')
  mkdirSync(join(root, 'node_modules'))
  writeFileSync(record, lockfile('1.0.0'))
  t.match(await tool().ended, { code: 0, stderr: '' })
  writeFileSync(join(root, 'package-lock.json'), lockfile('2.0.0', { 'node_modules/d': { dev: true } }))
  const told = await jobsd([]).ended
  t.match(told, {
    code: 0,
    stderr: /^jobsd: the packages in .* are not those of package-lock\.json; .*npm ci.*\n$/,
  })
  t.equal(installs(), 0)
  writeFileSync(record, lockfile('2.0.0'))
  t.match(await jobsd([]).ended, { code: 0, stderr: '' }, 'the engine needs no packages for development')
  t.match(await tool().ended, { code: 0, stderr: /installing/ })
  t.equal(installs(), 1)
})

t.test('an npm that fails or is not there ends with 2, one line, and is asked again', async (t) => {
  const { base, root, tool, jobsd, installs, locks } = createCheckout(t)
  const failed = await jobsd(['status'], { NPM_DOES: 'fail' }).ended
  t.match(failed, { code: 2, stdout: '' })
  t.match(
    failed.stderr,
    /^jobsd: installing .*\njobsd: `npm ci` in .* failed with 1: the packages are not installed\n$/,
  )
  mkdirSync(join(root, 'node_modules'))
  rmSync(join(base, 'bin/npm'))
  t.match(await tool().ended, {
    code: 2,
    stderr: /\njobsd: cannot run npm to install the packages: .*ENOENT\n$/,
  })
  t.same([installs(), locks()], [1, []])
})

t.test('an install that is stopped is not taken for a whole one', async (t) => {
  const { tool, locks } = createCheckout(t)
  const stopped = tool([], { NPM_DOES: 'hold' })
  await stopped.says(/npm runs/)
  stopped.child.kill('SIGTERM')
  t.match(await stopped.ended, { code: 128 + 15, stderr: /interrupted\n$/ })
  t.same(locks(), [])
  t.match(await tool().ended, { code: 0, stderr: /installing/ })
})

t.test("signals reach the engine, whose end is the launcher's", async (t) => {
  const { jobsd, tool } = createCheckout(t)
  await tool().ended
  for (const start of [jobsd, tool]) {
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
      const { child, says, ended } = start(['wait'])
      const pid = Number((await says(/pid (\d+)/))[1])
      t.not(pid, child.pid)
      child.kill(signal)
      t.match(await ended, { code: 7, stdout: new RegExp(`\n${signal}\n$`) })
      t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'nothing lives on')
    }
  }
  const { says, ended } = jobsd(['wait'])
  process.kill(Number((await says(/pid (\d+)/))[1]), 'SIGKILL')
  t.match(await ended, { code: 128 + 9 })
})

t.test('under npx the engine ends with the shell in between, which passes no signal on', async (t) => {
  const { base, root, tool } = createCheckout(t)
  await tool().ended
  const line = '"$0" "$1" wait; exit $?'
  const shell = spawn('/bin/sh', ['-c', line, process.execPath, join(root, 'scripts/jobsd.mjs')], {
    env: { PATH: join(base, 'bin'), npm_lifecycle_event: 'npx' },
  })
  const { says, ended } = follow(shell)
  await says(/pid/)
  shell.kill('SIGKILL')
  t.match(await ended, { stdout: /\nSIGTERM\n$/ })
})

t.test('a Node that is too old is told from one that will do', async (t) => {
  const { start, root } = createCheckout(t)
  const versions = [
    '18.20.0',
    '20.20.2',
    '22.21.9',
    '22.22.0',
    '23.0.0',
    '23.5.9',
    '23.6.0',
    '24.0.0',
    '30.1.2',
  ]
  const file = JSON.stringify(pathToFileURL(join(root, 'scripts/launch/find-node.mjs')).href)
  const code = `import(${file}).then(({ isNewEnough }) => console.log(${JSON.stringify(versions)}.filter(isNewEnough).join()))`
  t.equal((await start(['-e', code]).ended).stdout, '22.22.0,23.6.0,24.0.0,30.1.2\n')
})

t.test('a newer Node comes from npm; where it does not, one line says so', async (t) => {
  const { findNode, root, installs } = createCheckout(t)
  const node = JSON.stringify({ version: '24.0.0', bin: { node: 'bin/node' } })
  t.match(
    (await findNode('20.1.0', { NPM_DOES: 'fail' }).ended).stdout,
    /^2 jobsd needs Node 22\.22 .*could not be fetched/,
  )
  t.match((await findNode('20.1.0').ended).stdout, /^2 jobsd needs .* npm did not bring node-/)
  const path = join(root, 'scripts/runtime/node_modules', nodePackage, 'bin/node')
  t.equal((await findNode('20.1.0', { NPM_NODE: node }).ended).stdout, `${path}\n`)
  t.equal((await findNode('20.1.0', { NPM_DOES: 'fail' }).ended).stdout, `${path}\n`, 'it is there now')
  t.equal(installs(), 3)
})
