import { once } from 'node:events'
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createLocalFiles } from '../../../engine/adapters/local-files.ts'

t.test('a local folder tells that something changed in it, until it is told to stop', async (t) => {
  const root = t.testdir({ in: {} })
  const document = { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'drop', type: 'folder' } as const
  const files = createLocalFiles({ ...document, path: root })
  const stop = new AbortController()
  const changed = new EventTarget()
  await files.hint?.('/in', () => changed.dispatchEvent(new Event('change')), stop.signal)
  const first = once(changed, 'change')
  await writeFile(join(root, 'in/a.csv.part'), 'one')
  await first
  const second = once(changed, 'change')
  await rename(join(root, 'in/a.csv.part'), join(root, 'in/a.csv'))
  await second
  stop.abort()
  await t.rejects(
    files.hint?.('/missing', () => undefined, new AbortController().signal) ?? Promise.resolve(),
    {
      code: 'FILE_MISSING',
    },
  )
})

t.test('a big folder is listed whole and sorted, links and folders as such', async (t) => {
  const root = t.testdir({ in: {} })
  const names = Array.from({ length: 500 }, (_, index) => `f-${String(index).padStart(4, '0')}.csv`)
  await Promise.all(names.map((name) => writeFile(join(root, 'in', name), 'x')))
  await mkdir(join(root, 'in/z-folder.csv'))
  await symlink('/etc/passwd', join(root, 'in/z-link.csv'))
  const document = { apiVersion: 'jobsd/v1', kind: 'Connection', name: 'drop', type: 'folder' } as const
  const files = createLocalFiles({ ...document, path: root })
  const entries = await files.list('/in', new AbortController().signal)
  t.same(
    entries.map(({ name, kind }) => [name, kind]),
    [...names.map((name) => [name, 'file']), ['z-folder.csv', 'folder'], ['z-link.csv', 'other']],
  )
})
