import { link, mkdir, readdir, rename, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createLocalFiles } from '../../../engine/adapters/local-files.ts'
import { asideOf } from '../../../engine/core/delete-seen.ts'
import { fileKey } from '../../../engine/core/file-key.ts'
import type { StepOf } from '../../../engine/core/model.ts'
import { deleteFileStep } from '../../../engine/steps/delete-file.ts'
import { deleteOldFilesStep } from '../../../engine/steps/delete-old-files.ts'
import { openNpm } from '../../contracts/file-trees.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createMemoryEndpoints, createMemoryFiles } from '../../fakes/endpoints.ts'
import { createStep } from '../../fakes/snapshot.ts'
import { createStepContext, offerFile } from '../../fakes/step-context.ts'

const folder = t.testdir()
const artifacts = createTestArtifacts(folder)
const path = '/in/leads.csv'
const dayMs = 86_400_000
/** A folder connection whose `in` holds `.jobsd/deleting` too. */
const openFolder = (root: string) =>
  createLocalFiles({ apiVersion: 'jobsd/v1', kind: 'Connection', name: 'share', type: 'folder', path: root })
const nowMs = Date.parse('2026-11-23T00:31:00.000Z')

t.test('delete-file', async (t) => {
  const step: StepOf<'delete-file'> = createStep({ name: 'tidy', type: 'delete-file', from: 'trigger' })
  const origin = { connection: 'share', path }
  const posted = await offerFile(artifacts, 'leads.csv', 'one\n', { step: 'trigger', origin })
  const setUp = (changes = {}, file = posted) => {
    const remote = createMemoryFiles()
    const endpoints = createMemoryEndpoints({ files: { share: remote } })
    const key = fileKey('share', { path, size: 4, mtimeMs: 1000 })
    const run = { trigger: { type: 'ftp-in' as const, key }, ...changes }
    return {
      remote,
      context: createStepContext('tidy', folder, { run, files: [file], artifacts, endpoints }),
    }
  }

  t.test('deletes the file, and a repeat is content', async (t) => {
    const { remote, context } = setUp()
    remote.drop(path, 'one\n', 1000)
    t.same(await deleteFileStep.run(step, context), { ok: true, note: '/in/leads.csv deleted' })
    t.equal(remote.files.size, 0)
    t.same(await deleteFileStep.run(step, context), { ok: true, note: '/in/leads.csv was deleted before' })
  })

  t.test('a newer file of the same name stays', async (t) => {
    const { remote, context } = setUp()
    remote.drop(path, 'two\n', 2000)
    t.match(await deleteFileStep.run(step, context), { note: /stays: another file/ })
    t.same([...remote.files.keys()], [path])
  })

  t.test('one that takes the name while it is deleted gets it back', async (t) => {
    const { remote, context } = setUp()
    remote.drop(path, 'one\n', 1000)
    remote.before = (call) => {
      if (call === `move ${path}`) remote.drop(path, 'two\n', 2000)
    }
    t.match(await deleteFileStep.run(step, context), { note: /stays: another file/ })
    t.same([...remote.files.keys()], [path])
  })

  t.test(
    'what an attempt that broke off had moved aside is deleted by the next, beside a newer file',
    async (t) => {
      const { remote, context } = setUp()
      remote.drop(path, 'one\n', 1000)
      remote.before = (call) => {
        if (call.startsWith('remove')) throw new Error('killed')
      }
      await t.rejects(deleteFileStep.run(step, context), { message: 'killed' })
      remote.before = () => undefined
      remote.drop(path, 'two\n', 2000)
      t.match(await deleteFileStep.run(step, context), { note: '/in/leads.csv deleted' })
      t.same([...remote.files.keys()], [path])
    },
  )

  t.test('what was cut off between its two names is deleted under both', async (t) => {
    const root = t.testdir({ in: { 'leads.csv': 'one\n', '.jobsd': { deleting: {} } } })
    const remote = openFolder(root)
    const key = fileKey('share', (await remote.stat(path, new AbortController().signal))!)
    await link(join(root, path), join(root, asideOf(path)))
    const endpoints = createMemoryEndpoints({ files: { share: remote } })
    const run = { trigger: { type: 'ftp-in' as const, key } }
    const context = createStepContext('tidy', folder, { run, files: [posted], artifacts, endpoints })
    t.match(await deleteFileStep.run(step, context), { note: '/in/leads.csv deleted' })
    t.same(await readdir(join(root, 'in'), { recursive: true }), ['.jobsd', '.jobsd/deleting'])
  })

  t.test('a claimed file is deleted where it lies', async (t) => {
    const lies = '/in/.jobsd/claimed/1/leads.csv'
    const { remote, context } = setUp({}, { ...posted, origin: { ...origin, lies } })
    remote.drop(lies, 'one\n', 9)
    await deleteFileStep.run(step, context)
    t.equal(remote.files.size, 0)
  })

  t.test('a dry run only says what it would do', async (t) => {
    const { remote, context } = setUp({ dryRun: true })
    t.match(await deleteFileStep.run(step, context), { note: '/in/leads.csv would be deleted' })
    t.same(remote.calls, [])
  })
})

t.test('delete-old-files', async (t) => {
  const step: StepOf<'delete-old-files'> = createStep({
    name: 'tidy',
    type: 'delete-old-files',
    connection: 'share',
    path: '/out',
    match: '*.csv',
    olderThan: '30d',
  })
  const setUp = (run = {}) => {
    const remote = createMemoryFiles()
    const endpoints = createMemoryEndpoints({ files: { share: remote } })
    const drop = (name: string, days: number) => remote.drop(`/out/${name}`, name, nowMs - days * dayMs)
    return { remote, drop, context: createStepContext('tidy', folder, { run, artifacts, endpoints }) }
  }

  t.test('deletes what matches and is old, the oldest first, and no more than it may', async (t) => {
    const { remote, drop, context } = setUp()
    for (const [name, days] of [
      ['a.csv', 31],
      ['b.csv', 90],
      ['c.csv', 40],
      ['new.csv', 29],
      ['old.txt', 90],
      ['.dot.csv', 90],
    ] as const)
      drop(name, days)
    remote.drop('/out/link.csv', '', 1, 'other')
    remote.drop('/out/folder.csv', '', 1, 'folder')
    remote.drop('/out/timeless.csv', '', 0)
    const { note } = await deleteOldFilesStep.run({ ...step, max: 2 }, context)
    t.equal(note, '2 files of share:/out deleted: b.csv, c.csv; 1 old file left for the next run')
    t.same(
      [...remote.files.keys()].sort(),
      ['.dot.csv', 'a.csv', 'folder.csv', 'link.csv', 'new.csv', 'old.txt', 'timeless.csv'].map(
        (name) => `/out/${name}`,
      ),
    )
    t.match(await deleteOldFilesStep.run(step, context), { note: '1 file of share:/out deleted: a.csv' })
    t.match(await deleteOldFilesStep.run(step, context), { note: /^no file of share:\/out/ })
  })

  t.test('a file that is written anew while it is deleted stays', async (t) => {
    const { remote, drop, context } = setUp()
    drop('a.csv', 90)
    remote.before = (call) => {
      if (call === 'move /out/a.csv') drop('a.csv', 0)
    }
    await deleteOldFilesStep.run(step, context)
    t.same([...remote.files.keys()], ['/out/a.csv'])
  })

  t.test('a repeat ends what broke off: what is old goes, what is not gets its name back', async (t) => {
    const { remote, context } = setUp()
    remote.drop(asideOf('/out/old.csv'), 'x', nowMs - 90 * dayMs)
    remote.drop(asideOf('/out/new.csv'), 'x', nowMs)
    t.match(await deleteOldFilesStep.run(step, context), { note: '1 file of share:/out deleted: old.csv' })
    t.same([...remote.files.keys()], ['/out/new.csv'])
  })

  t.test('a dry run deletes nothing, and a folder that is not there is empty', async (t) => {
    const { remote, drop, context } = setUp({ dryRun: true })
    drop('a.csv', 90)
    t.match(await deleteOldFilesStep.run(step, context), {
      note: '1 file of share:/out would be deleted: a.csv',
    })
    t.same([...remote.files.keys()], ['/out/a.csv'])
  })

  t.test('a file that was cut off between its two names counts once, and goes under all', async (t) => {
    const root = t.testdir({ out: { 'a.csv': 'a', 'b.csv': 'b', '.jobsd': { deleting: {} } } })
    for (const [name, second] of [
      ['a.csv', 1],
      ['b.csv', 2],
    ] as const) {
      await utimes(join(root, 'out', name), second, second)
      await link(join(root, 'out', name), join(root, asideOf(`/out/${name}`)))
    }
    // Cut off later: its old name is a hidden one by now.
    await rename(join(root, 'out/b.csv'), join(root, asideOf('/out/.b.csv.0f3c.part')))
    const endpoints = createMemoryEndpoints({ files: { share: openFolder(root) } })
    const context = createStepContext('tidy', folder, { artifacts, endpoints })
    t.match(await deleteOldFilesStep.run(step, context), {
      note: '2 files of share:/out deleted: b.csv, a.csv',
    })
    t.same(await readdir(join(root, 'out'), { recursive: true }), ['.jobsd', '.jobsd/deleting'])
  })

  t.test('over SFTP it deletes files, and neither links nor folders', async (t) => {
    const { files, folder: root } = await openNpm(t)
    await mkdir(join(root, 'out/dir.csv'), { recursive: true })
    for (const name of ['old.csv', 'kept.txt']) await writeFile(join(root, 'out', name), 'x')
    await symlink('kept.txt', join(root, 'out/link.csv'))
    for (const name of ['old.csv', 'kept.txt', 'dir.csv']) await utimes(join(root, 'out', name), 1000, 1000)
    const endpoints = createMemoryEndpoints({ files: { share: files } })
    const context = createStepContext('tidy', folder, { artifacts, endpoints })
    t.match(await deleteOldFilesStep.run(step, context), { note: '1 file of share:/out deleted: old.csv' })
    t.same((await readdir(join(root, 'out'))).sort(), ['.jobsd', 'dir.csv', 'kept.txt', 'link.csv'])
  })
})
