import '../../fakes/clean-children.ts'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import t from 'tap'
import { rehearsal as parts } from '../../../engine/app.ts'
import { compileJob } from '../../../engine/config/compile.ts'
import { compareRun } from '../../../engine/runtime/rehearsal/verdict.ts'
import { type RehearsalRequest, rehearse } from '../../../engine/runtime/rehearsal.ts'
import { load, manifestsFolder, readCase } from '../config/golden.ts'

const never = new AbortController().signal

t.test('a rehearsal of requests and notices shows them, and nothing leaves the machine', async (t) => {
  const config = load(await readCase(`${manifestsFolder}/ok/http-in-full`))
  const compiled = compileJob(config, 'acme/eod')
  if ('problem' in compiled) throw new Error(compiled.problem.message)
  const server = createServer(() => t.fail('somebody connected'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const { port } = server.address() as { port: number }
  const { snapshot } = compiled
  const crm = { ...snapshot.connections.crm, baseUrl: `http://127.0.0.1:${port}`, allowPrivate: true }
  const bodies: string[] = []
  const capture: RehearsalRequest['capture'] = async (each) => {
    if ('localPath' in each) bodies.push(readFileSync(each.localPath, 'utf8'))
  }
  const request: RehearsalRequest = {
    snapshot: { ...snapshot, connections: { ...snapshot.connections, crm: crm as never } },
    revision: 'r',
    given: { slot: '2026-11-20T18:30', callCenter: 'dallas', parameters: { list: 'a/b' } },
    data: { kind: 'made-up', rows: 2 },
    capture,
  }
  const [run] = await rehearse(parts, request, never)
  t.match(run, { outcome: 'succeeded', path: ['ask', 'check', 'upload', 'tell-crm', 'tell'], alert: false })
  t.match(run?.deliveries, [
    {
      type: 'http',
      step: 'upload',
      place: 'PUT /inbox/list_dallas.json',
      fileName: 'list_dallas.json',
      size: 3,
    },
    { type: 'http', step: 'tell-crm', place: 'POST /centers/dallas/done', fileName: 'request.json' },
  ])
  t.match(JSON.parse(bodies[1]!), {
    day: '2026-11-20',
    done: true,
    parts: [{ name: 'eod', count: 1.5, of: null }],
  })
  const expected = {
    deliveries: [{ step: 'upload', connection: 'crm', path: 'PUT /inbox/list_dallas.json' }],
  }
  t.match(compareRun(expected, run!), [{ what: 'delivery', expected: 'no other delivery' }])
  t.match(compareRun({ ...expected, noOtherDeliveries: false, alert: false }, run!), [])
})
