import t from 'tap'
import { copySettings } from '../../../engine/catalog/copy-words.ts'
import type { StepOf } from '../../../engine/core/model.ts'
import { createStep } from '../../fakes/snapshot.ts'

const copy = (settings: Partial<StepOf<'ftp-out-copy'>>) =>
  copySettings(
    createStep({
      name: 'upload',
      type: 'ftp-out-copy',
      from: 'build',
      connection: 'acme-sftp',
      path: '/out',
      ...settings,
    }),
  ).map(({ label, value }) => `${label}: ${value}`)

t.test('only what is set is told', async (t) => {
  t.same(copy({}), [])
  t.same(copy({ verify: 'size' }), [])
  t.same(copy({ verify: 'sha256', permissions: '0640' }), [
    'Read back and compared: Every byte',
    'Permissions: 0640',
  ])
})

t.test('a companion is told with what is in it and how it is named', async (t) => {
  t.same(copy({ companion: { kind: 'checksum' } }), [
    'Beside each file, when all are there: Its checksum (SHA-256), named like the file with .sha256',
  ])
  t.match(copy({ companion: { kind: 'trigger', suffix: '.ok' } }), [/an empty file.* with \.ok$/i])
  t.match(copy({ companion: { kind: 'manifest' } }), [/number of rows, named like the file with \.manifest$/])
})
