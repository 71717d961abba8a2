import t from 'tap'
import { describeDifference, viewChanges } from '../../../engine/catalog/changes-view.ts'
import { viewDefinition } from '../../../engine/catalog/definition-view.ts'
import type { Snapshot } from '../../../engine/core/model.ts'
import { acme, scheduleOf } from '../../fixtures/catalog.ts'
import { endOfDay } from '../../fixtures/catalog-acme.ts'

const view = (snapshot: Snapshot) => viewDefinition(snapshot, acme)
const changed = (change: Partial<Snapshot['manifest']>, rest: Partial<Snapshot> = {}): Snapshot => ({
  ...endOfDay,
  ...rest,
  manifest: { ...endOfDay.manifest, ...change },
})
const differences = (after: Snapshot) => describeDifference(view(endOfDay), view(after))

t.test('a change is told by what a customer can see of it', async (t) => {
  t.strictSame(differences(changed({ title: 'Calls of the day' })), [
    'Title: Calls of the day, before End-of-day call detail.',
  ])
  t.strictSame(differences(changed({ enabled: false })), ['Disabled.'])
  t.strictSame(differences(changed({ description: 'Another' })), ['The description changed.'])
  t.strictSame(differences(changed({ callCenters: ['dallas'] })), [
    'Call center Tampa removed.',
    'Call center Boise removed.',
  ])
})

t.test('a schedule is told as it is shown, with its zone and its days off', async (t) => {
  const [weekdays] = endOfDay.schedules
  const moved = scheduleOf('weekdays', acme.timezone, [0], [19], [1, 2, 3, 4, 5])
  t.strictSame(
    differences(changed({}, { schedules: [moved, scheduleOf('noon', acme.timezone, [0], [12])] })),
    [
      'Schedule weekend removed.',
      'Schedule weekdays: Monday to Friday at 19:00 (America/Chicago), before Monday to Friday at 18:30 (America/Chicago); Not on days off (US business days).',
      'Schedule noon added.',
    ],
  )
  t.ok(weekdays)
})

t.test('steps are told by name, what they do and where they lead', async (t) => {
  const [build, upload, ...rest] = endOfDay.manifest.steps
  if (!build || upload?.type !== 'ftp-out-copy') throw new Error('the fixture changed')
  const steps = [build, { ...upload, path: '/elsewhere', onFailure: 'fail' }, ...rest.slice(0, 1)]
  t.strictSame(differences(changed({ steps })), [
    'Step tell removed.',
    'Step upload, Next Failure Step: Fail, before tell.',
    `Step upload, Folder: /elsewhere, before ${upload.path}.`,
  ])
  t.strictSame(differences(changed({ steps: [upload, build, ...rest] })), ['The steps are in another order.'])
})

t.test('what is behind a mask is told as a change, without what it was', async (t) => {
  const at = { iso: '2026-11-23T08:00:00-06:00', text: 'Mon 23 Nov 2026, 08:00' }
  const hidden = changed({
    steps: endOfDay.manifest.steps.map((step) =>
      step.type === 'email'
        ? { ...step, to: step.to.map((address) => address.replace('jane', 'jack')) }
        : step,
    ),
  })
  t.not(JSON.stringify(hidden), JSON.stringify(endOfDay))
  const [newest, oldest] = viewChanges([
    { at, definition: view(hidden) },
    { at, definition: view(endOfDay) },
  ])
  t.strictSame(newest?.lines, ['A setting changed that these pages do not show in full.'])
  t.strictSame(oldest?.lines, ['The oldest version that is known.'])
})
