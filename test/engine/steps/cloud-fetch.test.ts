import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createArtifactFolder } from '../../../engine/adapters/artifact-folder.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { StepOf } from '../../../engine/core/model.ts'
import { cloudFetchStep } from '../../../engine/steps/cloud-fetch.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { startBrokenWire } from '../../fakes/broken-wire.ts'
import { createMemoryEndpoints, createMemoryObjects } from '../../fakes/endpoints.ts'
import { fileOf, never, serveS3, storeAt } from '../../fakes/s3-stage.ts'
import { createStep } from '../../fakes/snapshot.ts'
import { createStepContext } from '../../fakes/step-context.ts'

const fetch: StepOf<'cloud-fetch'> = createStep({
  name: 'fetch',
  type: 'cloud-fetch',
  connection: 'acme-s3',
  prefix: 'outgoing/',
  match: '{callCenter}/leads-*.csv',
  onEmpty: 'skip',
})

t.test('cloud-fetch', async (t) => {
  const folder = t.testdir()
  const artifacts = createTestArtifacts(folder)
  const setUp = (contents: Record<string, string>) => {
    const bucket = createMemoryObjects()
    Object.entries(contents).forEach(([key, text], index) => {
      bucket.objects.set(key, { bytes: Buffer.from(text), mediaType: 'text/csv', mtimeMs: index })
    })
    const endpoints = createMemoryEndpoints({ objects: { 'acme-s3': bucket } })
    return { bucket, context: createStepContext('fetch', folder, { artifacts, endpoints }) }
  }

  t.test('offers each object that matches, by key, with its bytes', async (t) => {
    const { bucket, context } = setUp({
      'outgoing/dallas/leads-2.csv': 'two',
      'outgoing/dallas/leads-1.csv': 'one',
      'outgoing/dallas/leads-1.csv.tmp': 'half',
      'outgoing/dallas/old/leads-0.csv': 'deeper',
      'outgoing/tampa/leads-3.csv': 'of another',
      'incoming/dallas/leads-4.csv': 'elsewhere',
    })
    const { ok, note, files = [] } = await cloudFetchStep.run(fetch, context)
    t.same([ok, note], [true, '2 files copied from acme-s3, 6 bytes'])
    t.same(
      files.map(({ fileName, mediaType, rows, origin, period }) => [
        fileName,
        mediaType,
        rows,
        origin,
        period,
      ]),
      [
        ['leads-1.csv', 'text/csv', null, null, null],
        ['leads-2.csv', 'text/csv', null, null, null],
      ],
    )
    const texts = files.map(async ({ sha256, size }) => readFile(await artifacts.open(sha256, size), 'utf8'))
    t.same(await Promise.all(texts), ['one', 'two'])
    t.equal(bucket.calls[0], 'list outgoing/dallas/leads-', 'only what can match is listed')
    t.equal(bucket.objects.size, 6, 'nothing is taken away')
  })

  t.test('takes the newest only, offered by key', async (t) => {
    const { context } = setUp({
      'outgoing/dallas/leads-9.csv': 'oldest',
      'outgoing/dallas/leads-8.csv': 'newer',
      'outgoing/dallas/leads-7.csv': 'newest',
    })
    const two = await cloudFetchStep.run({ ...fetch, newest: 2 }, context)
    t.same(
      two.files?.map(({ fileName }) => fileName),
      ['leads-7.csv', 'leads-8.csv'],
    )
    const one = await cloudFetchStep.run({ ...fetch, newest: 1 }, context)
    t.equal(one.note, 'leads-7.csv copied from acme-s3, 6 bytes')
  })

  t.test('copies none where there are more than are allowed', async (t) => {
    const keys = Array.from({ length: 101 }, (_, index) => [`outgoing/dallas/leads-${index}.csv`, 'x'])
    const { bucket, context } = setUp(Object.fromEntries(keys))
    await t.rejects(cloudFetchStep.run(fetch, context), {
      code: 'TOO_MANY_FILES',
      message: 'acme-s3 has 101 files for step fetch, its maxFiles allows 100',
    })
    t.same(bucket.calls.length, 1)
    t.equal((await cloudFetchStep.run({ ...fetch, maxFiles: 101 }, context)).files?.length, 101)
    t.equal((await cloudFetchStep.run({ ...fetch, newest: 101 }, context)).files?.length, 101)
  })

  t.test('skips the run or fails where nothing matches, as it says', async (t) => {
    const { context } = setUp({ 'outgoing/dallas/leads.txt': 'x' })
    t.same(await cloudFetchStep.run(fetch, context), {
      ok: true,
      skip: true,
      note: 'nothing in acme-s3 matches outgoing/dallas/leads-*.csv',
    })
    await t.rejects(cloudFetchStep.run({ ...fetch, onEmpty: 'fail' }, context), {
      code: 'FILE_MISSING',
      message: 'acme-s3:outgoing/dallas/leads-*.csv is not there',
    })
  })

  t.test('refuses names that no file may have, before it copies any', async (t) => {
    for (const name of ['a\u0000.csv', 'a\n.csv', 'a\\b.csv', 'a\u202Evsc.csv', `${'x'.repeat(256)}.csv`]) {
      const { bucket, context } = setUp({ 'outgoing/a.csv': 'fine', [`outgoing/${name}`]: 'odd' })
      const step = { ...fetch, match: '*.csv' }
      await t.rejects(cloudFetchStep.run(step, context), { code: 'TARGET_REFUSED' }, JSON.stringify(name))
      t.equal(bucket.calls.length, 1)
    }
    const up = setUp({ 'outgoing/../secret.csv': 'odd' })
    await t.rejects(cloudFetchStep.run({ ...fetch, match: '.*/*.csv' }, up.context), {
      code: 'TARGET_REFUSED',
    })
    const hidden = setUp({ 'outgoing/.half.csv': 'odd' })
    t.match(await cloudFetchStep.run({ ...fetch, match: '*.csv' }, hidden.context), { skip: true })
  })

  t.test('refuses two objects of one file name', async (t) => {
    const { bucket, context } = setUp({ 'outgoing/a/leads.csv': 'x', 'outgoing/b/leads.csv': 'y' })
    await t.rejects(cloudFetchStep.run({ ...fetch, match: '*/leads.csv' }, context), {
      code: 'FILE_EXISTS',
      message: 'outgoing/b/leads.csv is already there',
    })
    t.equal(bucket.calls.length, 1)
  })

  t.test('a repeat takes what is there then, and a version that goes meanwhile is tried again', async (t) => {
    const { bucket, context } = setUp({ 'outgoing/dallas/leads-1.csv': 'one' })
    bucket.before = (call) => {
      if (!call.startsWith('fetch')) return
      bucket.before = () => undefined
      bucket.objects.set('outgoing/dallas/leads-1.csv', { bytes: Buffer.from('two'), mediaType: 'text/csv' })
    }
    await t.rejects(cloudFetchStep.run(fetch, context), { code: 'TARGET_BUSY', retry: true })
    const { files = [] } = await cloudFetchStep.run(fetch, context)
    const [{ sha256, size } = { sha256: '', size: 0 }] = files
    t.equal(await readFile(await artifacts.open(sha256, size), 'utf8'), 'two')
  })
})

t.test('with a real bucket and the real store of artifacts', async (t) => {
  const root = t.testdir()
  const artifacts = await createArtifactFolder(root)
  const server = await serveS3(t)
  const content = randomBytes(200_000)
  const store = storeAt(t, server)
  await store.put(fileOf(content, { key: 'outgoing/dallas/leads-1.csv' }), never)
  await store.put(fileOf('two', { key: 'outgoing/dallas/leads-2.csv' }), never)
  const contextAt = (objects: typeof store) => {
    const endpoints = createMemoryEndpoints({ objects: { 'acme-s3': objects } })
    return createStepContext('fetch', root, { artifacts, endpoints })
  }

  t.test('each file is offered as it lies there', async (t) => {
    const { files = [] } = await cloudFetchStep.run(fetch, contextAt(store))
    const [first, second] = files
    t.ok((await readFile(await artifacts.open(first!.sha256, first!.size))).equals(content))
    t.equal(await readFile(await artifacts.open(second!.sha256, second!.size), 'utf8'), 'two')
    t.same(readdirSync(join(root, 'scratch')), [])
  })

  t.test('one that cannot be stored leaves nothing', async (t) => {
    const adopt = async (): Promise<never> => {
      throw new JobsdError('TARGET_FULL', { connection: 'disk', path: 'x', reason: 'full' })
    }
    const full = { ...contextAt(store), artifacts: { ...artifacts, adopt } }
    await t.rejects(cloudFetchStep.run(fetch, full), { code: 'TARGET_FULL' })
    t.same(readdirSync(join(root, 'scratch')), [])
  })

  t.test('one that cannot be copied whole fails the step and leaves nothing', async (t) => {
    const wire = await startBrokenWire(server.port, { way: 'down', after: 20_000, how: 'reset' })
    t.teardown(() => wire.close())
    const timeouts = { connectMs: 2000, idleMs: 500, requestMs: 2000 }
    const broken = storeAt(t, wire, {}, { timeouts })
    await t.rejects(cloudFetchStep.run(fetch, contextAt(broken)), { code: 'ENDPOINT_UNREACHABLE' })
    t.same(readdirSync(join(root, 'scratch')), [])
  })
})
