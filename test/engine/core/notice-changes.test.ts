import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { toPlannedSide } from '../../../engine/cli/planned-side.ts'
import { spellPhrase } from '../../../engine/core/changes/phrase.ts'
import { planChanges } from '../../../engine/core/changes.ts'
import { editSmall, load, manifestsFolder } from '../config/golden.ts'

const file = 'jobs.d/acme/eod.yaml'
const text = readFileSync(join(manifestsFolder, 'ok/test-of-files', file), 'utf8')
const client = 'jobs.d/acme/client.yaml'

/** What changes of the job, and of the client's alerts, are said to do. */
function tell(edit: (text: string) => string, alerts = '') {
  const [before, after] = [text, edit(text)].map((job, index) =>
    toPlannedSide(load(editSmall({ [file]: job, [client]: (given) => given + (index === 0 ? '' : alerts) }))),
  )
  const plan = planChanges(before!, after!, 0)
  return plan.changes.flatMap(({ effects }) => effects.map(({ phrase }) => spellPhrase(phrase)))
}

t.test('who is told by a notice is a recipient like those of mails', async (t) => {
  const gained = tell((given) =>
    given.replace('[lead@acme.example]', '[lead@acme.example, two@acme.example]'),
  )
  t.ok(
    gained.some((line) => /^recipient two@acme\.example is gained: step tell, notice/.test(line)),
    gained.join('\n'),
  )
  const lost = tell((given) => given.replace('to: job', 'to: operators'))
  t.ok(lost.includes('recipient lead@acme.example is lost: step tell, notice'), lost.join('\n'))
})

t.test('an address of the client’s alerts is told where the notice goes to them', async (t) => {
  const alerts = 'alerts: { to: [care@acme.example] }\n'
  const told = (edit: (text: string) => string) =>
    tell(edit, alerts).filter((line) => line.startsWith('recipient'))
  t.match(told((given) => given).join(), /^recipient care@acme\.example is gained: step tell, notice/)
  t.match(
    told((given) => given.replace('to: job', 'to: client')).join('\n'),
    /care@.* gained[\s\S]*lead@.* lost/,
  )
  t.same(
    told((given) => given.replace('to: job', 'to: operators')),
    ['recipient lead@acme.example is lost: step tell, notice'],
  )
})
