import t from 'tap'
import { incumbentsOf, toPlannedSide } from '../../../engine/cli/planned-side.ts'
import { spellPhrase } from '../../../engine/core/changes/phrase.ts'
import { planChanges } from '../../../engine/core/changes.ts'
import { alternativeNames } from '../../../engine/core/free-name.ts'
import { editSmall, load } from '../config/golden.ts'

/** What plan tells when the upload of the small repository gets further settings. */
function tellSettings(before: string, after: string): string[] {
  const edit = (more: string) => (text: string) =>
    text.replace('    path: /outbound\n', `    path: /outbound\n${more}`)
  const side = (more: string) => editSmall({ 'jobs.d/acme/eod.yaml': edit(more) })
  const base = toPlannedSide(load(side(before)))
  const next = toPlannedSide(load(side(after), { incumbents: incumbentsOf(base) }))
  const plan = planChanges(base, next, Date.parse('2026-12-21T12:00:00Z'))
  return plan.changes.flatMap(({ effects }) => effects.map(({ phrase }) => spellPhrase(phrase)))
}

t.test('a companion is a target of its own, and a setting', async (t) => {
  const file = 'sftp:/outbound/{client}_{callCenter}_{period.end:yyyyMMdd}.csv'
  const told = tellSettings('', '    companion: { kind: checksum }\n')
  t.ok(told.includes(`target ${file}.sha256 is gained: step upload`))
  t.ok(told.some((line) => line.startsWith('step upload: companion')))
  const moved = tellSettings(
    '    companion: { kind: checksum }\n',
    '    companion: { kind: checksum, suffix: .sum }\n',
  )
  t.ok(moved.includes(`target ${file}.sha256 is lost: step upload`))
  t.ok(moved.includes(`target ${file}.sum is gained: step upload`))
})

t.test('permissions, what is verified and what becomes of a taken name are told', async (t) => {
  t.same(tellSettings('', '    permissions: "0640"\n    verify: sha256\n    overwrite: rename\n').sort(), [
    'step upload: overwrite: rename is new',
    'step upload: permissions: 0640 is new',
    'step upload: verify: sha256 is new',
  ])
})

t.test('alternative names keep the ending, fit into a name, and come to an end', async (t) => {
  const first = (name: string, count = 3) => [...alternativeNames(name)].slice(0, count)
  t.same(first('a.csv'), ['a.csv', 'a-2.csv', 'a-3.csv'])
  t.same(first('a.csv.gz', 2), ['a.csv.gz', 'a.csv-2.gz'])
  t.same(first('plain', 2), ['plain', 'plain-2'])
  const long = `${'ü'.repeat(125)}.csv`
  t.ok([...alternativeNames(long)].every((name) => Buffer.byteLength(name) <= 255))
  t.equal(new Set(alternativeNames(long)).size, 1000)
})
