import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { PutRequest } from '../../../engine/core/contracts/endpoints.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { RunFile, StepOf } from '../../../engine/core/model.ts'
import { ftpOutCopyStep } from '../../../engine/steps/ftp-out-copy.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createMemoryEndpoints, createMemoryFiles, sha256Of } from '../../fakes/endpoints.ts'
import { createStep } from '../../fakes/snapshot.ts'
import { createStepContext, offerFile } from '../../fakes/step-context.ts'

const upload: StepOf<'ftp-out-copy'> = createStep({
  name: 'upload',
  type: 'ftp-out-copy',
  from: 'build',
  connection: 'acme-sftp',
  path: '/out',
})
const folder = t.testdir()
const artifacts = createTestArtifacts(folder)
const calls = await offerFile(artifacts, 'calls.csv', 'one,two\n')
const agents = await offerFile(artifacts, 'agents.csv', 'three\n')

function setUp(files: RunFile[] = [calls], resend?: { targets: string[] | null }) {
  const remote = createMemoryFiles()
  const puts: PutRequest[] = []
  const { put } = remote
  remote.put = (request, signal) => {
    puts.push(request)
    return put(request, signal)
  }
  const endpoints = createMemoryEndpoints({ files: { 'acme-sftp': remote } })
  const context = createStepContext('upload', folder, { files, artifacts, endpoints })
  if (resend) {
    context.resend = { runId: 'earlier', startedAt: '2026-11-22T00:00:00.000Z', ...resend }
    context.run.origin = { kind: 'resend', runId: 'earlier', targets: resend.targets, why: '' } as never
  }
  const text = (path: string) => remote.files.get(path)?.bytes.toString()
  return { remote, puts, context, text, names: () => [...remote.files.keys()].sort() }
}

t.test('a put is given the permissions, what to verify, and nothing that was not said', async (t) => {
  const { context, puts } = setUp()
  await ftpOutCopyStep.run({ ...upload, permissions: '0640', verify: 'sha256' }, context)
  t.match(puts, [{ mode: 0o640, verify: 'sha256', overwrite: 'fail' }])
  const plain = setUp()
  await ftpOutCopyStep.run(upload, plain.context)
  t.notOk('mode' in plain.puts[0]! || 'verify' in plain.puts[0]! || 'naming' in plain.puts[0]!)
})

t.test('overwrite rename', async (t) => {
  const step = { ...upload, overwrite: 'rename' as const }

  t.test('keeps what is there and takes a free name, which the delivery tells', async (t) => {
    const { context, remote, text } = setUp()
    remote.drop('/out/calls.csv', 'yesterday')
    await ftpOutCopyStep.run(step, context)
    t.equal(text('/out/calls.csv'), 'yesterday')
    t.equal(text('/out/calls-2.csv'), 'one,two\n')
    const [delivery] = context.deliveries.values()
    t.match(delivery, { target: 'sftp:acme-sftp:/out/calls.csv', state: 'confirmed', note: /calls-2\.csv/ })
  })

  t.test('a repeat after a crash finds the file under the name it took', async (t) => {
    const { context, remote, puts, names } = setUp()
    remote.drop('/out/calls.csv', 'yesterday')
    await ftpOutCopyStep.run(step, context)
    const [delivery] = [...context.deliveries.values()]
    context.deliveries.set(delivery!.target, { ...delivery!, state: 'sending', note: '/out/calls-2.csv' })
    await ftpOutCopyStep.run(step, context)
    t.equal(puts.length, 1)
    t.same(names(), ['/out/calls-2.csv', '/out/calls.csv'])
    t.match([...context.deliveries.values()], [{ state: 'confirmed', note: /earlier attempt.*calls-2\.csv/ }])
  })

  t.test('the same bytes of another run under the plain name are not taken for its own', async (t) => {
    const { context, remote, puts, names } = setUp()
    remote.drop('/out/calls.csv', 'one,two\n')
    let refusals = 1
    remote.before = (call) => {
      if (call.startsWith('put') && refusals-- > 0)
        throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'acme-sftp', reason: 'gone' })
    }
    await t.rejects(ftpOutCopyStep.run(step, context), { code: 'ENDPOINT_UNREACHABLE' })
    await ftpOutCopyStep.run(step, context)
    t.equal(puts.length, 2)
    t.same(names(), ['/out/calls-2.csv', '/out/calls.csv'])
  })

  t.test('an answer that was lost after the name was taken leaves one file after the repeat', async (t) => {
    const { context, remote, puts, names } = setUp()
    remote.drop('/out/calls.csv', 'yesterday')
    let losses = 1
    remote.before = (call) => {
      if (call.startsWith('named') && losses-- > 0)
        throw new JobsdError('ENDPOINT_UNREACHABLE', { connection: 'acme-sftp', reason: 'gone' })
    }
    await t.rejects(ftpOutCopyStep.run(step, context), { code: 'ENDPOINT_UNREACHABLE' })
    t.match([...context.deliveries.values()], [{ state: 'sending', note: '/out/calls-2.csv' }])
    await ftpOutCopyStep.run(step, context)
    t.equal(puts.length, 1)
    t.same(names(), ['/out/calls-2.csv', '/out/calls.csv'])
  })

  t.test('a name that the target refuses is a failed delivery', async (t) => {
    const { context, remote } = setUp()
    remote.before = (call) => {
      if (call.startsWith('named'))
        throw new JobsdError('TARGET_REFUSED', { connection: 'acme-sftp', path: '/x', reason: 'no' })
    }
    await t.rejects(ftpOutCopyStep.run(step, context), { code: 'TARGET_REFUSED' })
    t.match([...context.deliveries.values()], [{ state: 'failed' }])
  })

  t.test('sent once more it replaces nothing, and takes a free name again', async (t) => {
    const { context, remote, text } = setUp([calls], { targets: null })
    remote.drop('/out/calls.csv', 'somebody else’s')
    await ftpOutCopyStep.run(step, context)
    t.equal(text('/out/calls.csv'), 'somebody else’s')
    t.equal(text('/out/calls-2.csv'), 'one,two\n')
  })
})

t.test('companions', async (t) => {
  const step = { ...upload, companion: { kind: 'checksum' as const } }

  t.test('lie beside each file, put when every file is there, each a delivery of its own', async (t) => {
    const { context, puts, text } = setUp([calls, agents])
    const result = await ftpOutCopyStep.run(step, context)
    t.equal(result.note, '2 files copied to acme-sftp')
    const places = ['/out/calls.csv', '/out/agents.csv', '/out/calls.csv.sha256', '/out/agents.csv.sha256']
    const put = puts.map(({ path }) => path)
    t.same([...put.slice(0, 2).toSorted().reverse(), ...put.slice(2).toSorted().reverse()], places)
    t.equal(text('/out/calls.csv.sha256'), `${sha256Of(Buffer.from('one,two\n'))}  calls.csv\n`)
    t.same(
      [...context.deliveries.values()].map(({ target, state }) => [target, state]),
      places.map((path) => [`sftp:acme-sftp:${path}`, 'confirmed']),
    )
  })

  t.test('a trigger is empty, a manifest tells of its file, and a suffix names either', async (t) => {
    const { context, text } = setUp()
    await ftpOutCopyStep.run({ ...upload, companion: { kind: 'trigger' } }, context)
    t.equal(text('/out/calls.csv.done'), '')
    await ftpOutCopyStep.run({ ...upload, companion: { kind: 'manifest', suffix: '.json' } }, context)
    const sha256 = sha256Of(Buffer.from('one,two\n'))
    t.same(JSON.parse(text('/out/calls.csv.json')!), { fileName: 'calls.csv', size: 8, sha256, rows: 2 })
  })

  t.test('none is put while a file is missing', async (t) => {
    const { context, remote, names } = setUp([calls, agents])
    remote.before = (call) => {
      if (call === 'put /out/agents.csv')
        throw new JobsdError('TARGET_FULL', { connection: 'c', path: 'p', reason: 'r' })
    }
    await t.rejects(ftpOutCopyStep.run(step, context), { code: 'TARGET_FULL' })
    t.same(names(), ['/out/calls.csv'])
    remote.before = () => undefined
    await ftpOutCopyStep.run(step, context)
    t.same(names(), ['/out/agents.csv', '/out/agents.csv.sha256', '/out/calls.csv', '/out/calls.csv.sha256'])
  })

  t.test('a repeat finds one that was put already', async (t) => {
    const { context, puts } = setUp()
    await ftpOutCopyStep.run(step, context)
    for (const [target, delivery] of context.deliveries)
      context.deliveries.set(target, { ...delivery, state: 'sending', note: '' })
    await ftpOutCopyStep.run(step, context)
    t.equal(puts.length, 2)
  })

  t.test('one alone can be sent once more', async (t) => {
    const { context, names } = setUp([calls], { targets: ['sftp:acme-sftp:/out/calls.csv.sha256'] })
    const { note } = await ftpOutCopyStep.run(step, context)
    t.same(names(), ['/out/calls.csv.sha256'])
    t.equal(note, '/out/calls.csv.sha256 copied to acme-sftp')
  })

  t.test(
    'a file that has the name of another one’s companion is refused before anything is sent',
    async (t) => {
      const twin = await offerFile(artifacts, 'calls.csv.sha256', 'mine')
      const { context, remote } = setUp([calls, twin])
      await t.rejects(ftpOutCopyStep.run(step, context), { code: 'FILE_EXISTS' })
      t.same(remote.calls, [])
    },
  )

  t.test('none leaves the engine’s own disk with a scratch file', async (t) => {
    const { context } = setUp()
    await ftpOutCopyStep.run(step, context)
    t.same(await readdir(join(folder, 'scratch')), [])
  })
})

t.test('files at once', async (t) => {
  const many = await Promise.all(
    Array.from({ length: 40 }, (_, number) => offerFile(artifacts, `f${number}.csv`, `text ${number}`)),
  )

  t.test('sixteen files of one step are under way together, and no more', async (t) => {
    const { context, remote, names } = setUp(many)
    let [underWay, most] = [0, 0]
    const { put } = remote
    const full = Promise.withResolvers<void>()
    remote.put = async (request, signal) => {
      underWay += 1
      most = Math.max(most, underWay)
      if (underWay === 16) {
        // Turns in which a seventeenth would begin.
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
        full.resolve()
      }
      await full.promise
      underWay -= 1
      return put(request, signal)
    }
    await ftpOutCopyStep.run(upload, context)
    t.equal(most, 16)
    t.equal(names().length, 40)
    t.same(
      [...context.deliveries.values()].map(({ artifact }) => artifact?.fileName),
      many.map(({ fileName }) => fileName),
      'intended in their order',
    )
  })

  t.test('files of the next source wait until those of the one before are there', async (t) => {
    const last = { ...(await offerFile(artifacts, 'all.done', '')), step: 'marker' }
    const { context, remote } = setUp([...many, last])
    let there = 0
    remote.before = (call) => {
      if (call === 'put /out/all.done') there = remote.files.size
    }
    await ftpOutCopyStep.run({ ...upload, from: ['build', 'marker'] }, context)
    t.equal(there, 40)
  })

  t.test('after a failure no further file is begun, and the first failure is told', async (t) => {
    const { context, remote, puts } = setUp(many)
    remote.before = (call) => {
      const [, number] = /f(\d+)/.exec(call) ?? []
      if (number === '2' || number === '1')
        throw new JobsdError('TARGET_REFUSED', { connection: 'c', path: `f${number}`, reason: 'no' })
    }
    await t.rejects(ftpOutCopyStep.run(upload, context), { code: 'TARGET_REFUSED', details: { path: 'f1' } })
    t.ok(puts.length < 40, `${puts.length} were begun`)
    remote.before = () => undefined
    await ftpOutCopyStep.run(upload, context)
    t.equal(remote.files.size, 40)
    t.equal(new Set([...context.deliveries.values()].map(({ state }) => state)).size, 1)
  })
})
