import t from 'tap'
import { viewStep } from '../../../engine/catalog/step-view.ts'
import type { StepOf } from '../../../engine/core/model.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'

const snapshot = createSnapshot()

/** What customers read of a step: each label with its value. */
function wordsOf(step: Parameters<typeof viewStep>[0]): [string, string][] {
  return viewStep(step, snapshot, []).details.map(({ label, value }) => [label, value])
}

t.test('packing, listing, waiting and deleting are told in words, without hosts and addresses', async (t) => {
  const pack: StepOf<'compress'> = createStep({
    name: 'pack',
    type: 'compress',
    from: ['build', 'trigger'],
    format: 'zip',
    key: 'acme-zip',
    fileName: 'all.zip',
  })
  t.same(wordsOf(pack), [
    ['Files', 'Files of build and The posted file'],
    ['Packed as', 'One zip of all files, encrypted (AES-256)'],
    ['File name', 'all.zip'],
  ])
  const { key: _key, fileName: _fileName, ...plain } = pack
  t.same(wordsOf({ ...plain, from: 'build', format: 'gzip' }), [
    ['Files', 'Files of build'],
    ['Packed as', 'A gzip file of each'],
  ])
  const list: StepOf<'checksum-manifest'> = createStep({
    name: 'list',
    type: 'checksum-manifest',
    from: 'pack',
    algorithm: 'sha256',
    format: 'coreutils',
    fileName: 'all.sums',
  })
  t.same(wordsOf(list).slice(1), [
    ['Checksum', 'SHA256'],
    ['File name', 'all.sums'],
  ])
  const wait: StepOf<'wait-for-file'> = createStep({
    name: 'wait',
    type: 'wait-for-file',
    connection: 'acme-sftp',
    path: '/in',
    match: 'a*.csv',
    timeout: '4h',
    onMissing: 'skip',
  })
  t.same(wordsOf(wait), [
    ['Waits at', 'acme-sftp'],
    ['Folder', '/in'],
    ['Names', 'a*.csv'],
    ['At most', '4 h'],
    ['Without the files', 'Nothing is sent'],
  ])
  const old: StepOf<'delete-old-files'> = createStep({
    name: 'old',
    type: 'delete-old-files',
    connection: 'share',
    path: '/out',
    match: '*.zip',
    olderThan: '1d',
  })
  t.same(wordsOf(old), [
    ['Deleted from', 'share'],
    ['Folder', '/out'],
    ['Names', '*.zip'],
    ['Older than', '1 day'],
  ])
})
