import t from 'tap'
import type { AlertFacts, AlertRecord } from '../../../engine/core/contracts/alerts.ts'
import { describeAlerts } from '../../../engine/runtime/alert-mails.ts'

const facts: AlertFacts = {
  job: { id: 'acme/sites', title: 'Sites' },
  client: { name: 'acme', title: 'Acme', timezone: 'UTC' },
  callCenter: 'dallas',
  row: 'ann@acme.example',
  run: { id: 'r1', slot: '2026-11-22T12:00:00.000Z', revision: 'r' },
  step: { name: 'build', type: 'report', attempts: 1 },
  error: { code: 'FAN_OUT_ROW', message: 'the row ann@acme.example cannot be worked on', hint: '' },
  next: 'The run has failed.',
  streak: null,
}
const streak = { failures: 2, since: '2026-11-22T12:00:00.000Z' }

function alert(about: AlertRecord['about'], to: string[] | null): AlertRecord {
  const recipients = { route: to ? 'job/acme/sites' : 'operators', to }
  return { id: 'a', runId: 'r1', about, recipients, createdAt: '2026-11-22T12:00:00.000Z' } as AlertRecord
}

t.test('operators read which row failed; a copy has what is an address in it masked', async (t) => {
  const [own, copy] = [null, ['care@acme.example']].map((to) =>
    describeAlerts([alert({ step: facts }, to)], 10),
  )
  t.match(own?.plain.text, /row +ann@acme.example\n/)
  t.match(own?.facts, { row: 'ann@acme.example' })
  t.match(copy?.facts, { row: 'a***@acme.example' })
  t.notMatch(JSON.stringify(copy), 'ann@')
})

t.test('of a row that works again, and in a digest, the row is named', async (t) => {
  const recovery = { ...facts, streak, isStep: false }
  const well = (to: string[] | null) => JSON.stringify(describeAlerts([alert({ recovery }, to)], 10))
  t.match(well(null), 'acme/sites, dallas, row ann@acme.example works again')
  t.match(well(['care@acme.example']), 'row a***@acme.example works again')
  t.notMatch(well(['care@acme.example']), 'ann@')
  const digest = JSON.stringify(describeAlerts([alert({ step: facts }, null), alert({ recovery }, null)], 10))
  t.match(digest, 'acme/sites, dallas, row a***@acme.example: build failed, FAN_OUT_ROW')
})
