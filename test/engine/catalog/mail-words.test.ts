import t from 'tap'
import { viewStep } from '../../../engine/catalog/step-view.ts'
import type { StepOf } from '../../../engine/core/model.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'

const mail: StepOf<'email'> = createStep({
  name: 'mail',
  type: 'email',
  from: 'build',
  connection: 'mail',
  to: ['ops@acme.example'],
  template: 'report-ready',
})

function tooLarge(changes: Partial<typeof mail>): string[] {
  const { details } = viewStep({ ...mail, ...changes }, createSnapshot(), [])
  return details.filter(({ label }) => label === 'Too large to attach').map(({ value }) => value)
}

t.test('customers read what becomes of files that are too large for a mail', async (t) => {
  t.same(tooLarge({}), [])
  t.same(tooLarge({ onTooLarge: 'fail' }), [])
  t.same(tooLarge({ onTooLarge: 'zip' }), ['One zip of the files'])
  const linking = { onTooLarge: 'link', linkConnection: 'acme-s3' } as const
  t.same(tooLarge(linking), ['Links for 7 days, to files in acme-s3'])
  t.same(tooLarge({ ...linking, linkFor: '24h' }), ['Links for 1 day, to files in acme-s3'])
  t.same(tooLarge({ ...linking, linkFor: '36h' }), ['Links for 36 hours, to files in acme-s3'])
})
