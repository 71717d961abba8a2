import t from 'tap'
import { viewStep } from '../../../engine/catalog/step-view.ts'
import type { StepOf } from '../../../engine/core/model.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'

const fetch: StepOf<'cloud-fetch'> = createStep({
  name: 'fetch',
  type: 'cloud-fetch',
  connection: 'acme-s3',
  prefix: 'outgoing/',
  match: 'leads-*.csv',
  onEmpty: 'skip',
})
const snapshot = createSnapshot()

function linesOf(step: Parameters<typeof viewStep>[0]): string[] {
  const { type, details } = viewStep(step, snapshot, [])
  return [type, ...details.map(({ label, value, code }) => `${label}: ${code ? `\`${value}\`` : value}`)]
}

t.test('customers read which files are taken out of a store, and what none means', async (t) => {
  t.same(linesOf(fetch), [
    'Copy from Cloud Object Storage',
    'Source: acme-s3',
    'Folder: `outgoing/`',
    'File names: `leads-*.csv`',
    'How many: All, up to 100 files',
    'Without files: Nothing is done',
  ])
  t.same(linesOf({ ...fetch, newest: 1, onEmpty: 'fail' }).slice(-2), [
    'How many: The newest one',
    'Without files: The step fails',
  ])
  t.ok(linesOf({ ...fetch, newest: 5 }).includes('How many: The newest 5'))
  t.ok(linesOf({ ...fetch, maxFiles: 1 }).includes('How many: All, up to 1 file'))
})

t.test('customers read the tags of what is put into a store', async (t) => {
  const store: StepOf<'cloud-copy'> = createStep({
    name: 'store',
    type: 'cloud-copy',
    from: 'fetch',
    connection: 'acme-s3',
    tags: { client: '{client}', day: '{slot:yyyyMMdd}' },
  })
  t.equal(linesOf(store).at(-1), 'Tags: `client: {client}, day: {slot:yyyyMMdd}`')
})
