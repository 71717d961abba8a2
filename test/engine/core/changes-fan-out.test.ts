import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { toPlannedSide } from '../../../engine/cli/planned-side.ts'
import { spellPhrase } from '../../../engine/core/changes/phrase.ts'
import { planChanges } from '../../../engine/core/changes.ts'
import { editSmall, load, manifestsFolder } from '../config/golden.ts'

const file = 'jobs.d/acme/sites.yaml'
const text = readFileSync(join(manifestsFolder, 'ok/fan-out', file), 'utf8')
const sideOf = (edit: ((text: string) => string) | null) =>
  toPlannedSide(load(editSmall(edit ? { [file]: edit(text) } : {})))
const same = (given: string) => given

/** What a change of that job is said to do. */
function tell(before: ((text: string) => string) | null, after: (text: string) => string) {
  const plan = planChanges(sideOf(before), sideOf(after), 0)
  const told = plan.changes.flatMap(({ effects }) => effects.map(({ phrase }) => spellPhrase(phrase)))
  return { told, radius: spellPhrase(plan.blastRadius.phrase) }
}

t.test('a new job tells that it makes a run for each row, and whom it may reach', async (t) => {
  const { told, radius } = tell(null, same)
  t.ok(told.includes('each run makes one for each row of its query, by site'))
  t.ok(
    told.includes(
      'whoever the parameter recipients names (within the recipient domains of the policy) is gained: step mail, to',
    ),
  )
  t.match(
    radius,
    /2 recipients gained \(\{param.recipients\}; audit@acme.example\)/,
    'no domain of a parameter is new',
  )
})

const edits: Record<string, [from: string | RegExp, to: string, told: RegExp]> = {
  query: [
    'HAVING COUNT(*) >=',
    'HAVING COUNT(*) >',
    /^fanOut\.query: new line .*HAVING COUNT\(\*\) > .*; gone line .*HAVING COUNT\(\*\) >=.*\. Other rows may get a run/,
  ],
  key: ['key: site', 'key: calls', /fanOut.key: site is now calls/],
  callCenter: ['  callCenter: site\n', '', /fanOut.callCenter: site is gone/],
  onEmpty: ['onEmpty: fail', 'onEmpty: skip', /fanOut.onEmpty: fail is now skip/],
  maxRows: ['maxRows: 20', 'maxRows: 30', /fanOut.maxRows: 20 is now 30/],
  'a parameter': [
    'default: ops@acme.example',
    'default: new@acme.example',
    /fanOut.parameters\[recipients\].default/,
  ],
}
for (const [what, [from, to, expected]] of Object.entries(edits)) {
  t.test(`another ${what} of the fan-out is told`, async (t) => {
    // What does not fit any more is no matter of this: names and call centers.
    const plain = (given: string) =>
      given
        .replaceAll('{callCenter}', '{param.site}{param.calls}')
        .replace('{param.site}.csv', '{param.site}{param.calls}.csv')
        .replace('{ value: run.callCenter, in: [dallas, tampa] }', '{ value: run.weekday, equals: mon }')
    const { told } = tell(plain, (given) => plain(given).replace(from, to))
    t.equal(told.length, 1)
    t.match(told[0], expected)
  })
}

t.test('a fan-out that comes or goes is told', async (t) => {
  const without = (given: string) =>
    given
      .replace(/fanOut:[\s\S]*?steps:/, 'steps:')
      .replace(/\{ value: run.(callCenter|parameters.shape).*\}/g, '{ value: run.weekday, equals: mon }')
      .replaceAll('{callCenter}', '{runId}')
      .replaceAll('{param.site}', '{runId}')
      .replaceAll('"{param.recipients}"', 'ops@acme.example')
      .replace('{{parameters.calls}} calls of {{parameters.site}}', 'calls')
  t.match(tell(without, same).told.join('\n'), /the job: fanOut/)
  t.match(tell(same, without).told.join('\n'), /the job: fanOut/)
})

t.test('of a query that became another the first lines are told, and how many more there are', async (t) => {
  const lines = Array.from({ length: 8 }, (_, index) => `      AND ${index} = ${index}\n`).join('')
  const { told } = tell(same, (given) =>
    given.replace(/( *)HAVING/, `${lines.trimEnd().replace(/^ */, '$1WHERE 1 = 1\n      ')}\n$1HAVING`),
  )
  t.equal(told.length, 1)
  t.match(told[0], /new lines .* \/ .* and 4 more\. Other rows/)
  t.notMatch(told[0], /gone/)
})
