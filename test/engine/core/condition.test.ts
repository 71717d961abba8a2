import t from 'tap'
import { evaluateTest } from '../../../engine/core/condition.ts'
import { matchesGlob } from '../../../engine/core/glob.ts'
import type { ConditionStep } from '../../../engine/core/manifest.ts'
import type { RunFile, StepRecord } from '../../../engine/core/model.ts'
import { runFacts } from '../../../engine/core/run-facts.ts'
import { createRun } from '../../fakes/snapshot.ts'

type When = ConditionStep['when']

const file = { sha256: 'a', mediaType: 'text/csv', period: null, origin: null }
const files: RunFile[] = [
  { ...file, step: 'trigger', fileName: 'list.CSV', size: 10, rows: null },
  { ...file, step: 'build', fileName: 'a.csv', size: 100, rows: 3 },
  { ...file, step: 'build', fileName: 'b.csv', size: 200, rows: 4 },
]
const record: StepRecord = {
  runId: 'r',
  seq: 1,
  name: 'build',
  type: 'report',
  outcome: 'succeeded',
  attempts: 1,
  note: '',
  error: null,
  next: null,
  startedAt: '2026-11-23T00:30:00.000Z',
  endedAt: null,
}
const history: StepRecord[] = [
  { ...record, name: 'constructor', outcome: 'not-ok' },
  record,
  { ...record, name: 'check', outcome: 'running' },
]
const event = { kind: 'outbound', campaign: { id: 77, urgent: true } }
const facts = runFacts(createRun({ event }), history, files, 'America/Chicago')
const holds = (when: When) => evaluateTest(when, facts).holds

t.test('every value of the schema can be compared', async (t) => {
  t.ok(holds({ value: 'run.callCenter', equals: 'dallas' }))
  t.ok(holds({ value: 'run.client', in: ['borealis', 'acme'] }))
  t.ok(holds({ value: 'run.weekday', equals: 'sun' }), 'Monday in UTC is still Sunday in Chicago')
  t.ok(holds({ value: 'file.name', matches: 'list.*' }))
  t.notOk(holds({ value: 'file.name', matches: '*.csv' }), 'case counts')
  t.ok(holds({ value: 'file.size', lessThan: 11 }))
  t.notOk(holds({ value: 'file.size', lessThan: 10 }))
  t.ok(holds({ value: 'event.kind', equals: 'outbound' }))
  t.ok(holds({ value: 'event.campaign.urgent', equals: true }))
  t.ok(holds({ value: 'steps.build.rows', equals: 7 }), 'the rows of both files')
  t.ok(holds({ value: 'steps.build.size', greaterThan: 299 }))
  t.notOk(holds({ value: 'steps.build.size', greaterThan: 300 }))
  t.ok(holds({ value: 'steps.build.ok', equals: true }))
  t.ok(holds({ value: 'steps.constructor.ok', equals: false }))
})

t.test(
  'a value that is not there, or of another kind, makes a comparison false and never throws',
  async (t) => {
    for (const value of [
      'event.nothing',
      'event.kind.deeper',
      'event.campaign',
      'event.constructor.name',
      'steps.unknown.ok',
      'steps.check.ok',
      'steps.constructor.rows',
    ]) {
      t.notOk(holds({ value, in: ['', 0, false, 'Object'] }), value)
      t.ok(holds({ not: { value, equals: '' } }), `not ${value}`)
      t.notOk(holds({ value, lessThan: 1e9 }))
      t.notOk(holds({ value, matches: '*' }))
    }
    t.notOk(holds({ value: 'event.campaign.id', equals: '77' }), 'text is not a number')
    t.notOk(holds({ value: 'event.kind', greaterThan: 0 }))
    const noFile = runFacts(createRun(), [], [], 'America/Chicago')
    t.notOk(evaluateTest({ value: 'file.name', matches: '*' }, noFile).holds)
  },
)

t.test('all, any and not combine, and the reason names the value that decided', async (t) => {
  const yes: When = { value: 'steps.build.rows', greaterThan: 0 }
  const no: When = { value: 'run.callCenter', equals: 'tampa' }
  t.same(evaluateTest({ all: [yes, no] }, facts), {
    holds: false,
    why: 'run.callCenter is "dallas", not "tampa"',
  })
  t.same(evaluateTest({ any: [no, yes] }, facts), {
    holds: true,
    why: 'steps.build.rows is 7, greater than 0',
  })
  t.same(evaluateTest({ any: [no, { value: 'event.x', equals: 1 }] }, facts), {
    holds: false,
    why: 'run.callCenter is "dallas", not "tampa"; event.x is not there',
  })
  t.ok(holds({ all: [yes, { not: no }, { any: [no, { not: { all: [no, yes] } }] }] }))
})

t.test('a glob matches whole names', async (t) => {
  const cases: [string, string, boolean][] = [
    ['*', '', true],
    ['*', 'anything', true],
    ['', '', true],
    ['', 'a', false],
    ['?', '', false],
    ['?', 'é', true],
    ['?', '😀', true],
    ['a?c', 'abc', true],
    ['a*c', 'abcbc', true],
    ['a*c', 'abcb', false],
    ['*.csv', 'x.csv', true],
    ['*.csv', 'x.csv.tmp', false],
    ['*ab*ab', 'abab', true],
    ['*ab*ab', 'ab', false],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['(x+)+$', 'xxx', false],
    ['**a**', 'bab', true],
  ]
  for (const [pattern, name, expected] of cases) {
    t.equal(matchesGlob(pattern, name), expected, `${pattern} on ${JSON.stringify(name)}`)
  }
})

t.test('no glob takes exponential time', async (t) => {
  // A backtracking matcher would need 2^60 steps here: this test would never end.
  t.notOk(matchesGlob(`${'*a'.repeat(60)}b`, 'a'.repeat(255)))
})
