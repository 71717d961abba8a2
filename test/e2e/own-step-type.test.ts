/** The step type of docs/extending.md, as it stands there, in an engine that was started with it and in one that was not. */
import '../fakes/clean-children.ts'
import { execFile, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { mainFile } from '../../scripts/demo/engine-process.ts'
import { editSmall } from '../engine/config/golden.ts'
import { makeShortFolder } from '../fakes/signed-repository.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/extending.md'), 'utf8')
const [document, module] = ['yaml', 'js'].map(
  (language) => new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)![1]!,
)

const job = (least: number) => `apiVersion: jobsd/v1
kind: Job
name: check
title: Check what was posted
client: acme
scope: client
trigger: { type: ftp-in, folders: [{ connection: drop, path: /in, complete: renamed }] }
steps:
  - { name: check, type: custom, uses: line-check, from: trigger, with: { least: ${least} } }
  - { name: keep, type: ftp-out-copy, from: check, connection: drop, path: /checked }
`

/** A config repository with the step type, its module beside it, and a drop folder. */
function createRepository(t: Test, least: number) {
  const folder = makeShortFolder(t)
  const drop = join(folder, 'drop')
  const connection = `apiVersion: jobsd/v1\nkind: Connection\nname: drop\ntype: folder\npath: ${drop}\n`
  const files = editSmall({
    'jobs.d/acme/check.yaml': job(least),
    'jobs.d/platform/step-types/line-check.yaml': document!,
    'jobs.d/platform/connections/drop.yaml': connection,
    'jobs.d/platform/clients/acme.yaml': (text) =>
      `${text.replace('[mail,', '[drop, mail,')}stepTypes: [line-check]\n`,
  }).files
  for (const [path, { content }] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  writeFileSync(join(folder, 'line-check.mjs'), module!)
  mkdirSync(join(drop, 'in'), { recursive: true })
  return { folder, drop }
}

/** Starts the engine, drops a file of two lines, and returns the steps of its run. */
async function runOnce(t: Test, least: number, args: string[]) {
  const { folder, drop } = createRepository(t, least)
  const data = join(folder, 'data')
  const env = { PATH: process.env.PATH ?? '', JOBSD_DATA: data }
  const engine = spawn(process.execPath, [mainFile, 'start', '.', '--listen', '127.0.0.1:0', ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise((resolve) => engine.once('exit', resolve))
  t.teardown(async () => {
    engine.kill('SIGKILL')
    await ended
  })
  const lines: string[] = []
  const over = await new Promise<string>((resolve) => {
    createInterface({ input: engine.stderr! }).on('line', (line) => {
      lines.push(line)
      if (!line.startsWith('{')) return
      const { msg, run } = JSON.parse(line) as { msg: string; run?: string }
      if (msg === 'ready') {
        writeFileSync(join(drop, 'posted'), 'one\ntwo\n')
        renameSync(join(drop, 'posted'), join(drop, 'in/posted.csv'))
      }
      if (run && msg === 'run ended') resolve(run)
    })
    engine.once('exit', () => resolve(''))
  })
  if (over === '') return { lines, steps: [], drop }
  const { stdout } = await promisify(execFile)(process.execPath, [mainFile, 'runs', over, '--json'], { env })
  return { lines, steps: JSON.parse(stdout).runs[0].steps, drop }
}

t.test('its code runs on the posted file, which is then delivered', async (t) => {
  const { steps, drop } = await runOnce(t, 2, ['--steps', './line-check.mjs'])
  t.match(steps, [
    { name: 'check', type: 'custom', outcome: 'succeeded', note: 'long enough' },
    { name: 'keep', outcome: 'succeeded' },
  ])
  t.equal(readFileSync(join(drop, 'checked/posted.csv'), 'utf8'), 'one\ntwo\n')
})

t.test('what it finds wrong fails the run', async (t) => {
  const { steps } = await runOnce(t, 3, ['--steps', './line-check.mjs'])
  t.match(steps, [{ name: 'check', outcome: 'not-ok', note: 'posted.csv has 2' }])
})

t.test(
  'without its code the engine warns when it starts, and the step fails at once and says why',
  async (t) => {
    const { lines, steps } = await runOnce(t, 2, [])
    const ready = lines.findIndex((line) => line.includes('"msg":"ready"'))
    t.match(
      lines.slice(0, ready).join('\n'),
      /"job":"acme\/check".*without the code of the step type line-check/,
    )
    t.match(steps, [{ outcome: 'failed', attempts: 1, error: { code: 'STEP_CODE_MISSING' } }])
  },
)

t.test('where no engine runs, `run` and `rerun` take the code by an option of their own', async (t) => {
  const { folder } = createRepository(t, 1)
  const manual = `${
    job(1)
      .replace(/^trigger: .*/m, 'trigger: { type: manual }')
      .split('steps:')[0]
  }steps:
  - { name: ping, type: custom, uses: ping }
`
  writeFileSync(join(folder, 'jobs.d/acme/check.yaml'), manual)
  const type = 'apiVersion: jobsd/v1\nkind: StepType\nname: ping\ntitle: Ping\n'
  writeFileSync(join(folder, 'jobs.d/platform/step-types/ping.yaml'), type)
  const policy = join(folder, 'jobs.d/platform/clients/acme.yaml')
  writeFileSync(policy, readFileSync(policy, 'utf8').replace('[line-check]', '[ping]'))
  const code = "export default { name: 'ping', run: async () => ({ ok: true, note: 'pong' }) }"
  writeFileSync(join(folder, 'ping.mjs'), code)
  const jobsd = async (...args: string[]) => {
    const env = { PATH: process.env.PATH ?? '', JOBSD_DATA: join(folder, 'data') }
    const all = [mainFile, ...args, '--dir', '.', '--json']
    const ran = promisify(execFile)(process.execPath, all, { cwd: folder, env })
    const { stdout } = await ran.catch((failed: { stdout: string }) => failed)
    return JSON.parse(stdout).runs[0]
  }
  const first = await jobsd('run', 'acme/check', '--steps', './ping.mjs')
  t.match(first, { state: 'succeeded', steps: [{ outcome: 'succeeded', note: 'pong' }] })
  const again = ['rerun', first.id, '--why', 'a test']
  t.match(await jobsd(...again, '--steps', './ping.mjs'), { state: 'succeeded' })
  t.match(await jobsd(...again), { state: 'failed', steps: [{ error: { code: 'STEP_CODE_MISSING' } }] })
})

t.test('a module that cannot be loaded starts no engine', async (t) => {
  const { lines, steps } = await runOnce(t, 2, ['--steps', './missing.mjs'])
  t.match(lines.join('\n'), /--steps \.\/missing\.mjs: Cannot find module/)
  t.same(steps, [])
})
