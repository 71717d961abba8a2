import { join } from 'node:path'
import t from 'tap'
import { decodeText } from '../../../engine/config/parse.ts'
import { parseQuickly } from '../../../engine/config/quick-parse.ts'
import { generateRepository } from '../../../scripts/bench/config-repository.ts'
import { compareParsers } from '../../../scripts/fuzz/check.ts'
import { fuzzManifests, readCorpus } from '../../../scripts/fuzz/manifests.ts'
import { createRandom, makeText } from '../../../scripts/fuzz/mutate.ts'
import { readFolder, textFile } from './golden.ts'

const compare = (text: string) => compareParsers('a.yaml', textFile(text))

t.test('what the quick parser takes, the whole one takes with the same value', async (t) => {
  const corpus = readCorpus()
  t.same(corpus.flatMap(compare), [])
  t.ok(corpus.filter((text) => parseQuickly(text)).length > 30)
})

// Small texts, so that a change of one sign changes what they are.
const seeds = [
  'a: b\n',
  'k: |\n  x\n  y\nb: 1\n',
  'a:\n- b\n- c: d\n  e: f\ng: h\n',
  'a:\n  - b: {x: 1, y: "z"}\n    c: [1, 2]\n  - d\n',
  't: >-\n  one two\n  three\n\n# c\nu: x # y\n',
  "a:\n  b:\n    c: -5\n    d: true\n  e: \"q\\n\\u00e9\"\nf: 'it''s'\n",
  'a: [b, "c", {d: e}, []]\nb: {}\n',
  'x:\n  - - a\n  -   b: c\n      d: |\n        t\n  - "s"\ny: >\n   f\n   g\n',
]

t.test('they agree on mutated texts', async (t) => {
  const random = createRandom(7)
  const texts = Array.from({ length: 20_000 }, () => makeText(seeds, random))
  const taken = texts.filter((text) => 'text' in decodeText('a', textFile(text)) && parseQuickly(text))
  t.ok(taken.length > 2000, `${taken.length} taken`)
  t.same(
    texts.flatMap((text) => compare(text).map((failure) => ({ text, failure }))),
    [],
  )
})

t.test('the manifests that people write are read quickly', async (t) => {
  const { files } = await readFolder(join(import.meta.dirname, '../../..'))
  for (const [path, file] of files) {
    if (!/^jobs\.d\/.*\.yaml$/.test(path)) continue
    const decoded = decodeText(path, file)
    t.ok('text' in decoded && parseQuickly(decoded.text), path)
  }
  for (const [path, text] of generateRepository(60)) t.ok(parseQuickly(text), path)
})

t.test('values are what YAML says, or left to the whole parser', async (t) => {
  const read = (value: string) => parseQuickly(`a: ${value}\n`)?.a
  const taken: [string, unknown][] = [
    ['x', 'x'],
    ['two words  # why', 'two words'],
    ['a#b', 'a#b'],
    ['yes', 'yes'],
    ['True', true],
    ['-12', -12],
    ['0', 0],
    ['3d', '3d'],
    ['127.0.0.1', '127.0.0.1'],
    ["'it''s'", "it's"],
    ['"a\\n\\u00e9"', 'a\né'],
    ['[a, {b: c}]', ['a', { b: 'c' }]],
    ['>-\n  x\n  y\n', 'x y'],
    ['|\n  x\n  y\n', 'x\ny\n'],
  ]
  for (const [text, value] of taken) t.same(read(text), value, text)
  const left = [
    '~',
    'null',
    '010',
    '1.5',
    '0x1',
    '+1',
    '.5',
    '1e3',
    '-0',
    'a: b',
    '&x 1',
    '*x',
    '!x 1',
    '"\\x41"',
  ]
  const more = [
    '"a',
    "'a",
    '[a',
    '{a}',
    '[a,]',
    '[a: b]',
    '? a',
    '%a',
    '@a',
    '`a',
    '- a',
    '|+\n  x\n',
    '|2\n  x\n',
  ]
  for (const text of [
    ...left,
    ...more,
    '',
    'x\n  y',
    '|\n  x\n\n  y\n',
    '|\n  x\n   y\n',
    '"a"b',
    '[a]b',
    '"a" #b\n c: d',
  ]) {
    t.equal(read(text), undefined, JSON.stringify(text))
  }
  for (const text of [
    '',
    'a',
    '- a\n',
    '---\na: b\n',
    '%YAML 1.2\n---\na: b\n',
    'a: b\n...\n',
    'a: b\na: c\n',
  ]) {
    t.equal(parseQuickly(text), undefined, JSON.stringify(text))
  }
  for (const text of [
    '__proto__: 1\n',
    'a: {constructor: 1}\n',
    'true: 1\n',
    '1: a\n',
    '"a": b\n',
    'a : b\n',
    'a:\tb\n',
  ]) {
    t.equal(parseQuickly(text), undefined, JSON.stringify(text))
  }
  t.equal(parseQuickly(`${'a:\n '.repeat(40)}`), undefined)
  t.equal(parseQuickly(`a: ${'['.repeat(60_000)}`), undefined)
})

t.test('500 mutated manifests neither crash nor stall nor are refused outside of their text', async (t) => {
  const { failures, accepted, quick } = await fuzzManifests(500, 1)
  t.same(failures, [])
  t.ok(accepted > 0 && quick > 50, `${accepted} accepted, ${quick} read quickly`)
})
