import t from 'tap'
import { formats } from '../../../engine/config/formats.ts'
import { maxManifestBytes, parseManifest } from '../../../engine/config/parse.ts'
import { placeInside, placeOf, placeWithin } from '../../../engine/config/places.ts'
import { formatProblem, sortProblems } from '../../../engine/config/problems.ts'
import { textFile } from './golden.ts'

function parse(text: string) {
  return parseManifest('a.yaml', textFile(text))
}

function messages(text: string): string[] {
  return parse(text).problems.map(({ message }) => message)
}

t.test('a manifest becomes plain JSON with a place for every key and value', async (t) => {
  const { document } = parse('# first\na: 1\nlist:\n  - name: "x y"\n    "odd/key": no\nempty:\n')
  if (!document) return t.fail('it can be parsed')
  t.same(document.value, { a: 1, list: [{ name: 'x y', 'odd/key': 'no' }], empty: null })
  t.match(placeOf(document, '/list/0/name'), { line: 4, column: 11, endLine: 4, endColumn: 16 })
  t.match(placeOf(document, '/list/0/odd~1key', 'key'), { line: 5, column: 5, endColumn: 14 })
  t.match(placeOf(document, '/empty'), { line: 6, column: 1 }, 'an empty value is at its key')
  t.match(
    placeInside(document, '/list/0'),
    { line: 4, column: 5, endColumn: 9 },
    'a mapping is at its first key',
  )
  t.match(placeOf(document, '/list/0/gone/more'), { line: 4 }, 'what is not there is at what is around it')
  t.match(placeWithin(document, '/list/0/name', 2, 1), { line: 4, column: 14, endColumn: 15 })
})

t.test('the place of a part of an escaped or folded text is the whole text', async (t) => {
  const { document } = parse('a: "x\\u0041{y}"\nb: >-\n  one\n  {two}\n')
  if (!document) return t.fail('it can be parsed')
  t.same(document.value, { a: 'xA{y}', b: 'one {two}' })
  t.match(placeWithin(document, '/a', 2, 3), { line: 1, column: 4 })
  t.match(placeWithin(document, '/b', 4, 5), { line: 2, column: 4 })
})

t.test('Windows line ends and a byte order mark change no place', async (t) => {
  const { document } = parse('\ufeffa: 1\r\nb: x\r\n')
  if (!document) return t.fail('it can be parsed')
  t.same(document.value, { a: 1, b: 'x' })
  t.match(placeOf(document, '/b'), { line: 2, column: 4, endLine: 2, endColumn: 5 })
})

t.test(
  'a file that is too large, no UTF-8, binary or no regular file is refused before it is parsed',
  async (t) => {
    t.match(messages('a: '.padEnd(maxManifestBytes + 1, 'x')), [/65537 bytes; 65536 are allowed/])
    t.same(messages('a: '.padEnd(maxManifestBytes, 'x')), [])
    const latin = { size: 4, kind: 'file', content: new Uint8Array([97, 58, 32, 0xfc]) } as const
    t.match(parseManifest('a.yaml', latin).problems, [{ message: /not valid UTF-8/, rule: 'file-text' }])
    const capped = { size: 9_000_000, kind: 'file', content: new Uint8Array() } as const
    t.match(parseManifest('a.yaml', capped).problems, [{ rule: 'file-size' }])
    const link = { size: 11, kind: 'other', content: new TextEncoder().encode('/etc/passwd') } as const
    const refused = parseManifest('a.yaml', link)
    t.match(refused.problems, [{ rule: 'regular-file' }])
    t.notMatch(JSON.stringify(refused), 'passwd')
    t.match(messages('a: x\0y'), [/U\+0000/])
    t.match(messages('a: x\ry: 1'), [/U\+000D/])
  },
)

t.test('what YAML can do beyond JSON is refused', async (t) => {
  const refused: [string, RegExp][] = [
    ['a: &x 1\nb: 2', /an anchor/],
    ['a: [1]\nb: *a', /not YAML|alias/],
    ['<<: { a: 1 }', /merge key/],
    ['a: !foo 1', /a tag/],
    ['a: !!set { b }', /a tag/],
    ['a: !!js/function "x"', /a tag/],
    ['!!map { a: 1 }', /a tag/],
    ['__proto__: { a: 1 }', /"__proto__" is not allowed/],
    ['a: { prototype: 1 }', /"prototype" is not allowed/],
    ['1: x', /a key must be a plain text/],
    ['? { a: 1 }\n: x', /a key must be a plain text/],
    ['a: 1\na: 2', /twice/],
    ['a: .inf', /not a number/],
    ['a: .nan', /not a number/],
    ['a: 010', /leading zero/],
    ['a: 1\n---\nb: 2', /second document/],
    ['%YAML 1.1\n---\na: no', /directive/],
    ['%TAG ! tag:x,2000:\n---\na: 1', /directive/],
    ['\ta: 1', /tab/],
    ['a:\n\t- b', /tab/],
    ['', /empty/],
    ['--- # nothing\n', /empty/],
  ]
  for (const [text, message] of refused) {
    const { document, problems } = parse(text)
    t.equal(document, null, text)
    t.ok(
      problems.some((problem) => message.test(problem.message)),
      `${text} -> ${messages(text)}`,
    )
  }
  t.equal(({} as { a?: number }).a, undefined, 'no prototype was touched')
})

t.test('hostile texts of the largest size end in problems and in little time', async (t) => {
  const size = maxManifestBytes
  const keys = Array.from({ length: 6000 }, (_, index) => `k${index}: 1`)
    .join('\n')
    .slice(0, size)
  const hostile = {
    brackets: '['.repeat(size),
    braces: '{a: '.repeat(size / 4),
    quotes: '"'.repeat(size),
    aliases: `a: &a [x]\nb: [${'*a, '.repeat(15_000)}]`,
    dashes: '- '.repeat(size / 2),
    deep: `a: ${'['.repeat(40)}${']'.repeat(40)}`,
    keys,
  }
  for (const [name, text] of Object.entries(hostile)) {
    const before = performance.now()
    const { document, problems } = parse(text)
    const ms = performance.now() - before
    t.ok(name === 'keys' ? document : problems.length > 0, name)
    t.ok(ms < 10_000, `${name} took ${Math.round(ms)} ms`)
  }
})

t.test('a problem is printed with its line and a mark under the code', async (t) => {
  const problem = {
    file: 'jobs.d/a/b.yaml',
    line: 12,
    column: 5,
    endLine: 12,
    endColumn: 9,
    rule: 'schema',
    severity: 'error',
    message: 'unknown key "form"',
  } as const
  const source = `${'x\n'.repeat(11)}    form: build\n`
  t.equal(
    formatProblem(problem, source),
    [
      'jobs.d/a/b.yaml:12:5: unknown key "form" [schema]',
      '   |',
      '12 |     form: build',
      '   |     ^~~~',
    ].join('\n'),
  )
  t.match(formatProblem({ ...problem, endLine: 14, endColumn: 1 }, source), /\^~{10}$/, 'to the line end')
  t.equal(formatProblem(problem, ''), 'jobs.d/a/b.yaml:12:5: unknown key "form" [schema]')
  t.notMatch(formatProblem({ ...problem, rule: 'secret-value' }, source), 'form: build')
  const other = { ...problem, line: 2 }
  t.same(sortProblems([problem, other, { ...problem, file: 'a' }]), [
    { ...problem, file: 'a' },
    other,
    problem,
  ])
})

t.test('a format takes what can be meant in one way only', async (t) => {
  const cases: Record<string, { good: string[]; bad: string[] }> = {
    address: {
      good: ['ops@acme.example', "o'neil+x@mail.acme.example", 'a.b@x-y.example'],
      bad: [
        'ops',
        'ops@acme',
        'a@b@c.example',
        'a@b.example@c.example',
        '.a@c.example',
        'a b@c.example',
        'a@c.example,b@c.example',
        'a@c.example\r\nBcc: b@c.example',
        'A <a@c.example>',
        'a:b@c.example',
        '"a"@c.example',
        'a@-c.example',
        'a@c..example',
        'a@[127.0.0.1]',
        'ä@c.example',
      ],
    },
    'absolute-path': {
      good: ['/', '/a/b', '/a b/{period.end:yyyy}', '/..a'],
      bad: ['a', '', '/a/../b', '/..', '/a/./b', '//a', '/a\\b', '/a\0', '/a\nb'],
    },
    'key-prefix': { good: ['', 'a/', 'a/{slot:yyyy}/'], bad: ['/a', '../a', 'a/../b', 'a\\b'] },
    endpoint: {
      good: ['https://s3.store.example', 'http://127.0.0.1:9000', 'http://localhost', 'http://[::1]:9000'],
      bad: [
        'http://store.example',
        'http://127.0.0.1.store.example',
        'http://localhost.store.example',
        'https://u:p@store.example',
        'https://store.example/?x=1',
        'ftp://127.0.0.1',
        'store.example',
      ],
    },
    date: { good: ['2026-12-25', '2028-02-29'], bad: ['2026-02-29', '2026-13-01', '2026-1-1', '25.12.2026'] },
    timezone: { good: ['America/Chicago', 'UTC'], bad: ['America/Chikago', '', 'CET+1'] },
    cron: { good: ['30 18 * * 1-5'], bad: ['30 18 * *', '60 * * * *', ''] },
    every: {
      good: ['day at "18:30"', 'month on the last day at "06:00"', '15 minutes', 'end-of-day'],
      bad: ['day', 'day at "25:00"', 'fortnight at "06:00"', '7 minutes', ''],
    },
    edge: {
      good: ['2026-12-01', '2026-12-01T08:00'],
      bad: ['2026-02-30', '2026-12-01T25:00', 'soon', ''],
    },
    blackout: {
      good: ['2026-12-01T08:00', '22:00'],
      bad: ['24:60', '2026-02-30T08:00', 'night', ''],
    },
    locale: { good: ['en', 'de-DE'], bad: ['english please', ''] },
    recipient: {
      good: ['ops@acme.example', '{param.recipients}'],
      bad: ['{param.}', '{param.a}@acme.example', 'a@b.example, {param.to}', '{recipients}', ''],
    },
    'date-pattern': { good: ['yyyy-MM-dd', 'dd.MM.yyyy HH:mm'], bad: ['YYYY-mm', 'qq', ''] },
  }
  t.same(Object.keys(cases).sort(), Object.keys(formats).sort(), 'every format is here')
  for (const [name, { good, bad }] of Object.entries(cases)) {
    for (const text of good) t.equal(formats[name]?.(text), null, `${name} takes ${text}`)
    for (const text of bad) t.type(formats[name]?.(text), 'string', `${name} refuses ${JSON.stringify(text)}`)
  }
})
