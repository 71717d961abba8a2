import t from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import { fileKey } from '../../../engine/core/file-key.ts'
import type { RunFile, StepOf } from '../../../engine/core/model.ts'
import { cloudCopyStep } from '../../../engine/steps/cloud-copy.ts'
import { conditionStep } from '../../../engine/steps/condition.ts'
import { ftpOutCopyStep } from '../../../engine/steps/ftp-out-copy.ts'
import { moveFileStep } from '../../../engine/steps/move-file.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import {
  createMemoryEndpoints,
  createMemoryFiles,
  createMemoryObjects,
  sha256Of,
} from '../../fakes/endpoints.ts'
import { createStep } from '../../fakes/snapshot.ts'
import { createStepContext, offerFile, type TestContext } from '../../fakes/step-context.ts'

const upload: StepOf<'ftp-out-copy'> = createStep({
  name: 'upload',
  type: 'ftp-out-copy',
  from: 'build',
  connection: 'acme-sftp',
  path: '/outbound/{callCenter}',
})

t.test('ftp-out-copy', async (t) => {
  const folder = t.testdir()
  const artifacts = createTestArtifacts(folder)
  const calls = await offerFile(artifacts, 'calls.csv', 'one,two\n')
  const agents = await offerFile(artifacts, 'agents.csv', 'three\n')
  const setUp = (files: RunFile[] = [calls], run = {}) => {
    const remote = createMemoryFiles()
    const endpoints = createMemoryEndpoints({ files: { 'acme-sftp': remote, share: remote } })
    const context = createStepContext('upload', folder, { run, files, artifacts, endpoints })
    return { remote, context, text: (path: string) => remote.files.get(path)?.bytes.toString() }
  }

  t.test('copies each file under its name, one delivery each', async (t) => {
    const { context, text } = setUp([calls, agents])
    const result = await ftpOutCopyStep.run(upload, context)
    t.same(result, { ok: true, note: '2 files copied to acme-sftp' })
    t.equal(text('/outbound/dallas/calls.csv'), 'one,two\n')
    t.equal(text('/outbound/dallas/agents.csv'), 'three\n')
    t.same(
      [...context.deliveries.values()].map(({ target, state, artifact }) => [
        target,
        state,
        artifact?.fileName,
      ]),
      [
        ['sftp:acme-sftp:/outbound/dallas/calls.csv', 'confirmed', 'calls.csv'],
        ['sftp:acme-sftp:/outbound/dallas/agents.csv', 'confirmed', 'agents.csv'],
      ],
    )
  })

  t.test('names a folder connection as such in the target', async (t) => {
    const { context } = setUp()
    await ftpOutCopyStep.run({ ...upload, connection: 'share' }, context)
    t.same([...context.deliveries.keys()], ['folder:share:/outbound/dallas/calls.csv'])
  })

  t.test('says that it is sending before the target can have anything', async (t) => {
    const { context, remote } = setUp()
    let stateAtPut: string | undefined
    remote.before = (call) => {
      if (call.startsWith('put')) stateAtPut = [...context.deliveries.values()][0]?.state
    }
    await ftpOutCopyStep.run(upload, context)
    t.equal(stateAtPut, 'sending')
  })

  t.test('a repeat after a crash finds the file at the target and does not send it again', async (t) => {
    const { context, remote } = setUp()
    await ftpOutCopyStep.run(upload, context)
    markSending(context)
    await ftpOutCopyStep.run(upload, context)
    t.equal(remote.calls.filter((call) => call.startsWith('put')).length, 1)
  })

  t.test('a repeat sends again where other bytes of the same size lie at the target', async (t) => {
    const { context, remote, text } = setUp()
    await ftpOutCopyStep.run(upload, context)
    markSending(context)
    remote.drop('/outbound/dallas/calls.csv', 'ONE,TWO\n')
    await t.rejects(ftpOutCopyStep.run(upload, context), { code: 'FILE_EXISTS' })
    t.equal(text('/outbound/dallas/calls.csv'), 'ONE,TWO\n', 'it is somebody else’s')
    await ftpOutCopyStep.run({ ...upload, overwrite: 'replace' }, context)
    t.equal(text('/outbound/dallas/calls.csv'), 'one,two\n')
  })

  t.test('replaces nothing unless asked, even the same bytes', async (t) => {
    const { context, remote } = setUp()
    remote.drop('/outbound/dallas/calls.csv', 'one,two\n')
    await t.rejects(ftpOutCopyStep.run(upload, context), { code: 'FILE_EXISTS' })
  })

  t.test('refuses two files of one name before it sends either', async (t) => {
    const twin = { ...(await offerFile(artifacts, 'calls.csv', 'other\n')), step: 'second' }
    const { context, remote } = setUp([calls, twin])
    const step = { ...upload, from: ['build', 'second'] }
    await t.rejects(ftpOutCopyStep.run(step, context), { code: 'FILE_EXISTS' })
    t.same(remote.calls, [])
  })

  t.test('a damaged artifact is not sent', async (t) => {
    const { context, remote } = setUp([{ ...calls, size: 3 }])
    await t.rejects(ftpOutCopyStep.run(upload, context), { code: 'ARTIFACT_DAMAGED' })
    t.same(remote.calls, [])
  })

  t.test('a dry run sends nothing and says so', async (t) => {
    const { context, remote } = setUp([calls], { dryRun: true })
    const result = await ftpOutCopyStep.run(upload, context)
    t.equal(result.note, '/outbound/dallas/calls.csv would be copied to acme-sftp')
    t.same(remote.calls, [])
  })
})

t.test('cloud-copy', async (t) => {
  const folder = t.testdir()
  const artifacts = createTestArtifacts(folder)
  const calls = await offerFile(artifacts, 'calls.csv', 'one,two\n')
  const store: StepOf<'cloud-copy'> = createStep({
    name: 'store',
    type: 'cloud-copy',
    from: 'build',
    connection: 'acme-s3',
    prefix: 'reports/{slot:yyyy}/',
  })
  const setUp = () => {
    const bucket = createMemoryObjects()
    const endpoints = createMemoryEndpoints({ objects: { 'acme-s3': bucket } })
    return { bucket, context: createStepContext('store', folder, { files: [calls], artifacts, endpoints }) }
  }

  t.test('puts each file under prefix and name', async (t) => {
    const { bucket, context } = setUp()
    const result = await cloudCopyStep.run(store, context)
    t.same(result, { ok: true, note: 'reports/2026/calls.csv copied to acme-s3' })
    t.match(bucket.objects.get('reports/2026/calls.csv'), { mediaType: 'text/csv' })
    t.same([...context.deliveries.keys()], ['s3:acme-s3:reports/2026/calls.csv'])
  })

  t.test('without a prefix the key is the name', async (t) => {
    const { bucket, context } = setUp()
    const { prefix: _prefix, ...bare } = store
    await cloudCopyStep.run(bare, context)
    t.same([...bucket.objects.keys()], ['calls.csv'])
  })

  t.test('a repeat after a crash knows the object by size and sha256', async (t) => {
    const { bucket, context } = setUp()
    await cloudCopyStep.run(store, context)
    markSending(context)
    await cloudCopyStep.run(store, context)
    t.equal(bucket.calls.filter((call) => call.startsWith('put')).length, 1)
    markSending(context)
    bucket.objects.set('reports/2026/calls.csv', { bytes: Buffer.from('ONE,TWO\n'), mediaType: 'text/csv' })
    await t.rejects(cloudCopyStep.run(store, context), { code: 'FILE_EXISTS' })
  })
})

t.test('move-file', async (t) => {
  const folder = t.testdir()
  const from = '/acme/campaigns/list.v1.csv'
  const entry = { path: from, size: 4, mtimeMs: 1000 }
  const dropped: RunFile = {
    sha256: sha256Of('data'),
    size: 4,
    step: 'trigger',
    fileName: 'list.v1.csv',
    mediaType: 'text/csv',
    rows: null,
    period: null,
    origin: { connection: 'acme-sftp', path: from },
  }
  const move: StepOf<'move-file'> = createStep({
    name: 'move',
    type: 'move-file',
    from: 'trigger',
    path: '/acme/loaded',
    fileName: '{slot:yyyyMMdd}-{name}.{ext}',
  })
  const to = '/acme/loaded/20261122-list.v1.csv'
  const setUp = (run = {}) => {
    const remote = createMemoryFiles()
    remote.drop(from, 'data', 1000)
    const endpoints = createMemoryEndpoints({ files: { 'acme-sftp': remote } })
    const trigger = { type: 'ftp-in' as const, key: fileKey('acme-sftp', entry) }
    const context = createStepContext('move', folder, {
      run: { trigger, ...run },
      files: [dropped],
      endpoints,
    })
    return { remote, context, paths: () => [...remote.files.keys()] }
  }

  t.test('moves the dropped file, keeping its name unless told', async (t) => {
    const { context, paths } = setUp()
    t.same(await moveFileStep.run(move, context), { ok: true, note: `${from} moved to ${to}` })
    t.same(paths(), [to])
    const other = setUp()
    const { fileName: _fileName, ...plain } = move
    await moveFileStep.run(plain, other.context)
    t.same(other.paths(), ['/acme/loaded/list.v1.csv'])
  })

  t.test('a repeat finds it moved and is content', async (t) => {
    const { context, paths } = setUp()
    await moveFileStep.run(move, context)
    t.match(await moveFileStep.run(move, context), { ok: true })
    t.same(paths(), [to])
  })

  t.test('a file that somebody took away is an error', async (t) => {
    const { context, remote } = setUp()
    remote.files.delete(from)
    await t.rejects(moveFileStep.run(move, context), { code: 'FILE_MISSING' })
    remote.drop(to, 'DATA')
    await t.rejects(
      moveFileStep.run(move, context),
      { code: 'FILE_MISSING' },
      'other bytes of that size do not count',
    )
  })

  t.test('a newer file that takes the name in the last moment is given it back', async (t) => {
    const { context, remote, paths } = setUp()
    remote.before = (call) => {
      if (!call.startsWith('move')) return
      remote.before = () => undefined
      remote.drop(from, 'newer', 2000)
    }
    await t.rejects(moveFileStep.run(move, context), { code: 'FILE_MISSING' })
    t.same(paths(), [from])
    t.equal(remote.files.get(from)?.bytes.toString(), 'newer')
  })

  t.test('a newer file of the same name is left for its own run', async (t) => {
    const { context, remote, paths } = setUp()
    remote.drop(from, 'data', 2000)
    await t.rejects(moveFileStep.run(move, context), { code: 'FILE_MISSING' })
    t.same(paths(), [from])
  })

  t.test('replaces nothing unless asked', async (t) => {
    const { context, remote, paths } = setUp()
    remote.drop(to, 'old')
    await t.rejects(moveFileStep.run(move, context), { code: 'FILE_EXISTS' })
    t.equal(paths().length, 2)
    await moveFileStep.run({ ...move, overwrite: 'replace' }, context)
    t.equal(remote.files.get(to)?.bytes.toString(), 'data')
  })

  t.test('a dry run leaves the file where it is', async (t) => {
    const { context, paths } = setUp({ dryRun: true })
    t.match(await moveFileStep.run(move, context), { ok: true, note: /would be moved/ })
    t.same(paths(), [from])
  })

  t.test('a run that no file started has nothing to move', async (t) => {
    const { context } = setUp()
    const offered = { ...dropped, origin: null }
    const bare = { ...context, inputs: () => [offered] }
    await t.rejects(
      moveFileStep.run(move, bare),
      new JobsdError('NO_FILE', { step: 'move', from: 'trigger' }),
    )
  })
})

t.test('a condition goes the way its test says and notes why', async (t) => {
  const context = createStepContext('check', t.testdir())
  const step: StepOf<'condition'> = createStep({
    name: 'check',
    type: 'condition',
    when: { value: 'run.callCenter', equals: 'tampa' },
    onSuccess: 'mail-tampa',
    onFailure: 'mail-dallas',
  })
  t.same(await conditionStep.run(step, context), {
    ok: false,
    note: 'false: run.callCenter is "dallas", not "tampa"',
  })
  const missing = { ...step, when: { value: 'event.campaign', equals: 'x' } }
  t.same(await conditionStep.run(missing, context), { ok: false, note: 'false: event.campaign is not there' })
})

/** Leaves every delivery as an attempt that was killed while it sent. */
function markSending({ deliveries }: TestContext): void {
  for (const [target, delivery] of deliveries) deliveries.set(target, { ...delivery, state: 'sending' })
}
