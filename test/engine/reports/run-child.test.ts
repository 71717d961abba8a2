import '../../fakes/clean-children.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { runChild } from '../../../engine/reports/run-child.ts'

const never = new AbortController().signal
const source = (name: string) => new URL(`../../../engine/reports/${name}`, import.meta.url).href

t.test('a child process has no environment, and is killed when it is late, loud or broken', async (t) => {
  const scripts = t.testdir({
    'env.mjs':
      "import { writeSync } from 'node:fs'; writeSync(3, JSON.stringify([process.env.JOBSD_SECRET_PROBE ?? null, process.env.PATH ?? null, process.cwd()]))",
    'late.mjs': 'setInterval(() => {}, 1000)',
    'loud.mjs': "import { writeSync } from 'node:fs'; for (;;) writeSync(3, 'x'.repeat(65536))",
    'broken.mjs': 'process.exit(7)',
    cwd: {},
  })
  process.env.JOBSD_SECRET_PROBE = 'a secret'
  const run = (name: string, timeoutMs = 30_000, signal = never) =>
    runChild({
      script: new URL(`file://${join(scripts, name)}`),
      nodeFlags: [],
      request: {},
      cwd: join(scripts, 'cwd'),
      timeoutMs,
      maxBytes: 1e6,
      signal,
    })
  // Also with a limit that no timer can count to.
  t.same(await run('env.mjs', 25 * 86_400_000), {
    kind: 'answer',
    value: [null, null, join(scripts, 'cwd')],
  })
  t.same(await run('late.mjs', 300), { kind: 'timeout' })
  const controller = new AbortController()
  const aborted = run('late.mjs', 30_000, controller.signal)
  controller.abort(new Error('enough'))
  await t.rejects(aborted, { message: 'enough' })
  t.same(await run('loud.mjs'), { kind: 'too-large' })
  t.same(await run('broken.mjs'), { kind: 'crashed', how: 'exit code 7' })
})

t.test('a child ends when its parent is killed', async (t) => {
  const folder = t.testdir({
    // Ends with its line to the test, so that a failure leaves nothing behind.
    'child.mjs': `import { connect } from 'node:net'
      import { readRequest } from '${source('serve-parent.ts')}'
      const { port } = await readRequest()
      connect(port, '127.0.0.1').on('close', () => process.exit())`,
    'parent.mjs': `import { runChild } from '${source('run-child.ts')}'
      const script = new URL('./child.mjs', import.meta.url)
      const request = { port: Number(process.argv[2]) }
      const signal = new AbortController().signal
      await runChild({ script, nodeFlags: [], request, cwd: '.', timeoutMs: 600_000, maxBytes: 1e6, signal })`,
  })
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const parent = spawn(process.execPath, [join(folder, 'parent.mjs'), String(port)], { stdio: 'ignore' })
  const [line] = (await once(server, 'connection')) as [Socket]
  t.teardown(() => line.destroy())
  line.resume()
  parent.kill('SIGKILL')
  await once(line, 'close')
  t.pass('the line is cut')
})
