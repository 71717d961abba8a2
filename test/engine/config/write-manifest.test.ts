import t from 'tap'
import { parseManifest } from '../../../engine/config/parse.ts'
import { checkSchema } from '../../../engine/config/schemas.ts'
import { writeManifest } from '../../../engine/config/write-manifest.ts'
import { textFile } from './golden.ts'

const path = 'jobs.d/platform/calendars/x.yaml'
const pieces = [
  ...'*&!|>%@`"\'\\#:-?,[]{}~=<. \t0123456789aZ',
  ': ',
  ' #',
  '- ',
  '---',
  '...',
  '<<',
  'yes',
  'no',
  'null',
  'true',
  '1e3',
  '0x1F',
  '0o7',
  '12:30:45',
  '2026-01-01',
  '.inf',
  '{{x}}',
  '$(x)',
  '\u00e9',
  '\u65e5\u672c',
  '\u{1f600}',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\u202e',
  '\ufeff',
  '$schema=',
  '\n',
  '\r\n',
]

/** A small linear congruential generator: the same texts each time. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function readBack(text: string): unknown {
  const { document, problems } = parseManifest(path, textFile(text))
  if (document === null) throw new Error(problems[0]?.message)
  return document.value
}

t.test('whatever a text is, it is read back as it was', async (t) => {
  const random = createRandom(7)
  for (let round = 0; round < 1500; round++) {
    const hostile = Array.from({ length: random(8) }, () => pieces[random(pieces.length)]).join('')
    const value = {
      apiVersion: 'jobsd/v1',
      kind: 'Calendar',
      name: hostile,
      title: `${hostile}x`,
      weekends: [hostile, 'sat'],
      holidays: [{ date: hostile, title: hostile }],
      nested: { deep: { to: hostile }, list: [[hostile]] },
    }
    const { text } = writeManifest(path, value, { '/title': 'For people.' })
    if (JSON.stringify(readBack(text)) !== JSON.stringify(value)) t.fail(JSON.stringify(hostile))
  }
  t.pass('all of them')
})

t.test('a title that the schema allows is a title that the manifest holds', async (t) => {
  for (const title of [
    'yes',
    '*x',
    'a: b',
    'it\'s "so" #1',
    '- x',
    '\u{1f600} \u00fc',
    '\u202eevil',
    'x\u0085y',
    '{a}',
  ]) {
    const value = { apiVersion: 'jobsd/v1', kind: 'Calendar', name: 'x', title }
    const { text } = writeManifest(path, value)
    const { document, problems } = parseManifest(path, textFile(text))
    t.same(problems, [], title)
    t.same(document && checkSchema('Calendar', document), [], title)
    t.match(document?.value, { title })
  }
})

t.test('comments stand above what they are about, and the first line leads to the schema', async (t) => {
  const value = { kind: 'ClientPolicy', name: 'x', list: [{ name: 'a' }, { name: 'b' }] }
  const { text } = writeManifest('jobs.d/platform/clients/x.yaml', value, {
    '/list/1': 'Two\nlines.',
    '/name': 'One.',
  })
  t.equal(
    text,
    `# yaml-language-server: $schema=../../../schemas/client-policy.json
kind: ClientPolicy
# One.
name: x
list:
  - name: a
  # Two
  # lines.
  - name: b
`,
  )
  t.throws(() => writeManifest(path, value, { '/lost': 'x' }), /no \/lost/)
})
