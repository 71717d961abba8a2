import t from 'tap'
import type { Parameter } from '../../../engine/core/manifest.ts'
import {
  everyParameter,
  readEventParameters,
  readGivenParameters,
  readKeptParameters,
  readParameter,
  sampleParameter,
} from '../../../engine/core/parameters.ts'

const region: Parameter = {
  name: 'region',
  type: 'text',
  field: 'campaign.region',
  allowed: ['east', 'west'],
  default: 'east',
}
const leads: Parameter = { name: 'leads', type: 'integer', required: true, min: 1, max: 5000 }
const day: Parameter = { name: 'day', type: 'date' }

t.test('a value is taken as its type, or refused with what is there and what is allowed', async (t) => {
  const types: [Parameter['type'], unknown[], unknown[]][] = [
    ['text', ['a', ''], [1, true, 'a\nb', 'a\u0000', {}]],
    ['integer', [5, -3, '17', '0'], [1.5, '1.5', '1e3', ' 1', '', true, 2 ** 60, {}]],
    ['number', [1.5, '1.5', '-2', 0], ['1e3', '.5', 'NaN', Number.NaN, Number.POSITIVE_INFINITY, true]],
    ['boolean', [true, 'false'], [1, 0, 'yes', 'TRUE', '']],
    [
      'date',
      ['2026-02-28', '2028-02-29'],
      ['2026-02-29', '2026-2-1', '28.02.2026', '2026-02-28T00:00:00Z', 20260228],
    ],
    [
      'instant',
      ['2026-11-22T18:30:00Z', '2026-11-22T18:30+01:00'],
      ['2026-11-22T18:30:00', '2026-11-22', '2026-02-30T10:00:00Z', 1764000000],
    ],
  ]
  for (const [type, right, wrong] of types) {
    for (const given of right)
      t.notMatch(
        readParameter({ name: 'p', type }, given),
        { fault: String },
        `${type} ${JSON.stringify(given)}`,
      )
    for (const given of wrong)
      t.match(
        readParameter({ name: 'p', type }, given),
        { fault: /^parameter p is / },
        `${type} ${JSON.stringify(given)}`,
      )
  }
  t.same(readParameter({ name: 'p', type: 'integer' }, '17'), { value: 17 })
  t.ok(Object.is((readParameter({ name: 'p', type: 'number' }, '-0') as { value: number }).value, 0))
  t.same(readParameter({ name: 'p', type: 'instant' }, '2026-11-22T18:30:00+01:00'), {
    value: '2026-11-22T17:30:00.000Z',
  })
})

t.test('limits hold at their very edge', async (t) => {
  const edges: [Parameter, unknown, unknown, RegExp][] = [
    [leads, 1, 0, /less than 1/],
    [leads, 5000, 5001, /more than 5000/],
    [{ name: 'p', type: 'text', maxLength: 3 }, 'abc', 'abcd', /has 4 characters; it may have 3/],
    [{ name: 'p', type: 'text' }, 'x'.repeat(500), 'x'.repeat(501), /may have 500/],
    [{ ...day, min: '2026-03-01' }, '2026-03-01', '2026-02-28', /less than 2026-03-01/],
    [
      { name: 'p', type: 'instant', max: '2026-03-01T00:00:00Z' },
      '2026-03-01T01:00:00+01:00',
      '2026-03-01T00:00:01Z',
      /more than/,
    ],
    [{ name: 'p', type: 'integer', allowed: [1, 2] }, '2', 3, /none of 1, 2/],
    [region, 'west', 'north', /none of "east", "west"/],
  ]
  for (const [definition, right, wrong, fault] of edges) {
    t.match(readParameter(definition, right), { value: /./ }, `${definition.name} ${right}`)
    t.match(readParameter(definition, wrong), { fault }, `${definition.name} ${wrong}`)
  }
})

t.test('an event gives its fields by path; what lacks is filled, and every fault is told', async (t) => {
  const definitions = [region, leads, day]
  t.same(readEventParameters(definitions, { campaign: { region: 'west' }, leads: '7', other: 1 }), {
    values: { region: 'west', leads: 7 },
  })
  t.same(readEventParameters(definitions, { leads: 7 }), { values: { region: 'east', leads: 7 } })
  t.match(readEventParameters(definitions, { campaign: 'x', day: 'soon' }), {
    faults: ['parameter leads (integer, required, from 1, up to 5000) is missing', /day is "soon"/],
  })
  t.match(readEventParameters(definitions, null), { faults: [/leads/] })
  const named = { name: 'toString', type: 'text' as const }
  t.same(readEventParameters([named], {}), { values: {} }, 'only own fields count')
})

t.test('a name that the job does not know is a fault by hand', async (t) => {
  t.same(readGivenParameters([leads], { leads: '3' }), { values: { leads: 3 } })
  t.match(readGivenParameters([leads], { leads: '3', lead: '4' }), {
    faults: ['there is no parameter "lead": there are leads'],
  })
  t.match(readGivenParameters([], { x: 1 }), { faults: [/the job has none/] })
  t.match(readGivenParameters([leads], {}), { faults: [/is missing/] })
})

t.test('a run made anew keeps its values; a parameter that came later is taken from the event', async (t) => {
  const event = { campaign: { region: 'west' }, leads: 9 }
  const kept = (parameters: Record<string, string | number>) =>
    readKeptParameters([region, leads], { parameters, event })
  t.same(kept({ leads: 7 }), { values: { region: 'west', leads: 7 } })
  t.match(kept({ leads: 70_000 }), { faults: [/more than 5000/] })
})

t.test('templates and queries know every parameter, and samples fit their definitions', async (t) => {
  t.same(everyParameter([region, day], { region: 'west', gone: 1 }), { region: 'west', day: null })
  const types = ['text', 'integer', 'number', 'boolean', 'date', 'instant'] as const
  const plain = types.map((type): Parameter => ({ name: 'p', type }))
  for (const definition of [...plain, region, leads, { ...day, min: '2030-01-01' }])
    t.match(
      readParameter(definition, sampleParameter(definition)),
      { value: /./ },
      JSON.stringify(definition),
    )
})
