/** Texts that are nearly manifests, from a seed: the same seed gives the same texts. */

/** Gives whole numbers from 0 up to, not including, `below`. */
export type Random = (below: number) => number

/** A small generator (mulberry32); not for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below)
  }
}

const snippets = [
  ...[
    ': ',
    ':',
    ' #',
    '#',
    '- ',
    '-',
    '|',
    '|-',
    '|+',
    '|2',
    '>',
    '>-',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ',',
    '?',
    '? ',
  ],
  ...[
    '&a ',
    '*a',
    '!x ',
    '!!str ',
    '%YAML 1.1\n',
    '---',
    '---\n',
    '...\n',
    '<<: ',
    '\t',
    '\r\n',
    '\r',
    '\n',
    '\n\n',
  ],
  ...[
    ' ',
    '  ',
    '   ',
    '\n  ',
    '\n    ',
    '\n- ',
    '\n  - ',
    '\\',
    '\\x41',
    '\\u00e9',
    '\\"',
    "''",
    '`',
    '@',
    '%',
    '~',
  ],
  ...[
    'null',
    'Null',
    'true',
    'TRUE',
    'yes',
    'no',
    '0',
    '-0',
    '010',
    '0x1F',
    '0o17',
    '1e3',
    '1e400',
    '.5',
    '5.',
    '+1',
  ],
  ...[
    '1_000',
    '12:30:45',
    '2026-01-01',
    '127.0.0.1',
    '.inf',
    '-.inf',
    '.nan',
    '99999999999999999999',
    '3d',
    '10MiB',
  ],
  ...[
    '\u00a0',
    '\u2028',
    '\u0085',
    '\ufeff',
    '\u3000',
    'é',
    '漢',
    '\u{1f600}',
    '\u202e',
    '\0',
    '\u007f',
    '\ud800',
  ],
  ...[
    '__proto__: 1\n',
    'constructor: 1\n',
    'name: x\n',
    'key: [a, b]',
    '{ a: 1, b: [x] }',
    '{{client}}',
    '{client}',
  ],
  ...[
    'a'.repeat(200),
    '['.repeat(40),
    '{a: '.repeat(40),
    '- '.repeat(40),
    '"'.repeat(9),
    'key: |\n  one\n  two\n',
  ],
  ...[
    'key: >\n  one\n\n  two\n',
    'key: >-\n    one\n   two\n',
    'key: "a\n  b"\n',
    "key: 'a\n\n  b'\n",
    'key: a\n  b\n',
  ],
] as const

const words = [
  'a',
  'name',
  'steps',
  'type',
  'key-1',
  'Report',
  'x_y',
  'on',
  'null',
  '5',
  '"q"',
  "'s'",
  '-',
  '',
]
const values = [
  'a',
  'two words',
  'a: b',
  'a #b',
  'a#b',
  '"x"',
  "'it''s'",
  '[a, "b", 1]',
  '{ k: v, l: [1] }',
  '5',
  '-7',
]

/** One text made of a corpus: a mutated manifest, a cross of two, or one that is made up. */
export function makeText(corpus: readonly string[], random: Random): string {
  const kind = random(10)
  if (kind === 0) return makeUp(random, 0, 0)
  let text = pick(corpus, random)
  if (kind === 1) {
    const other = pick(corpus, random)
    text = text.slice(0, random(text.length + 1)) + other.slice(random(other.length + 1))
  }
  for (let count = 1 + random(4); count > 0; count--) text = mutate(text, random)
  return text
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)]!
}

function mutate(text: string, random: Random): string {
  const lines = text.split('\n')
  const line = random(lines.length)
  const found = lines[line]!
  switch (random(9)) {
    case 0: {
      const at = random(text.length + 1)
      return text.slice(0, at) + text.slice(at + 1 + random(8))
    }
    case 1:
    case 2: {
      const at = random(text.length + 1)
      return text.slice(0, at) + pick(snippets, random) + text.slice(at)
    }
    case 3:
      return [...lines.slice(0, line), found, ...lines.slice(line)].join('\n')
    case 4:
      return lines.with(line, `${' '.repeat(random(7))}${found.trimStart()}`).join('\n')
    case 5:
      return lines
        .with(line, found.replace(/: .*$/, `: ${pick([...values, ...snippets], random)}`))
        .join('\n')
    case 6:
      return [...lines.slice(0, line), ...lines.slice(line + 1)].join('\n')
    case 7:
      return lines.with(line, `${found}${pick(snippets, random)}`).join('\n')
    default:
      return text.slice(0, random(text.length + 1))
  }
}

/** A mapping or list of made-up keys and values, now and then out of line. */
function makeUp(random: Random, depth: number, indent: number): string {
  let text = ''
  const isList = depth > 0 && random(3) === 0
  for (let count = 1 + random(4); count > 0; count--) {
    const margin = ' '.repeat(random(25) === 0 ? random(6) : indent)
    const head = isList ? '- ' : `${random(20) === 0 ? pick(words, random) : `k${random(50)}`}: `
    const inner = indent + 2
    text += margin + head
    const kind = random(8)
    if (kind === 0 && depth < 5) text += `\n${makeUp(random, depth + 1, inner)}`
    else if (kind === 1) text += makeBlock(random, inner)
    else if (kind === 2) text += `${pick(snippets, random)}\n`
    else if (kind === 3) text += `${pick(values, random)} # why\n\n`
    else if (kind === 4 && isList && depth < 5) text += makeUp(random, depth + 1, inner).trimStart()
    else text += `${pick(values, random)}\n`
  }
  return text
}

function makeBlock(random: Random, indent: number): string {
  let text = `${pick(['|', '>', '|-', '>-', '|+', '>+'], random)}${random(9) === 0 ? ' # why' : ''}\n`
  for (let count = random(4); count > 0; count--) {
    const odd = random(6)
    const margin = ' '.repeat(odd === 0 ? random(8) : indent)
    text += odd === 1 ? '\n' : `${margin}${pick(values, random)}${odd === 2 ? ' ' : ''}\n`
  }
  return text
}
