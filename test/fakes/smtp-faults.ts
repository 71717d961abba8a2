/** What a mail server can answer, as data: docs/operations.md shows the same tables. */
import type { SmtpAct, SmtpScript, SmtpStage } from './smtp-script.ts'

export type Outcome = keyof typeof outcomes

/** What a send ends in; the pages call it by the same word. */
export const outcomes = {
  sent: null,
  partly: null,
  busy: 'TARGET_BUSY',
  away: 'ENDPOINT_UNREACHABLE',
  late: 'ENDPOINT_TIMEOUT',
  login: 'AUTH_REFUSED',
  refused: 'MAIL_REFUSED',
  large: 'MAIL_TOO_LARGE',
  doubt: 'MAIL_IN_DOUBT',
} as const

export interface SmtpFault {
  where: string
  what: string
  outcome: Outcome
  script: SmtpScript
  /** The server keeps the mail. */
  isTaken: boolean
  /** Shown a certificate that is not trusted, until the server heals. */
  certificate?: 'unknown signer' | 'another name'
  security?: 'starttls'
  to?: string[]
  /** Of the mail's text. */
  bytes?: number
  /** Nobody listens. */
  isAbsent?: true
  /** Mails that go well before. */
  before?: number
}

const places: [where: string, stage: SmtpStage, usual: string][] = [
  ['the greeting', 'greeting', '220 mx.example'],
  ['EHLO', 'EHLO', '250 mx.example'],
  ['STARTTLS', 'STARTTLS', '220 go on'],
  ['the login', 'AUTH', '235 welcome'],
  ['MAIL', 'MAIL', '250 ok'],
  ['RCPT, of all', 'RCPT', '250 ok'],
  ['DATA', 'DATA', '354 go on'],
  ['the whole mail', 'end', '250 taken'],
  ['QUIT', 'QUIT', '221 bye'],
]

const ways: [what: string, act: (usual: string) => SmtpAct][] = [
  ['4xx', () => ({ say: '450 4.7.1 later, please\r\n' })],
  ['5xx', () => ({ say: '550 5.7.1 never\r\n' })],
  ['no SMTP', () => ({ say: 'HTTP/1.1 400 Bad Request\r\n' })],
  ['silence', () => 'silence'],
  ['closes', () => 'close'],
  ['half a reply', (usual) => ({ say: `${usual.replace(' ', '-')}\r\n` })],
  ['two codes', (usual) => ({ say: `${usual.replace(' ', '-')}\r\n550 no\r\n` })],
  ['endless line', () => 'endless'],
  ['a byte at a time', () => 'drip'],
  ['NUL bytes', (usual) => ({ say: `${usual}\0\0 or so\0\r\n` })],
]

const cells: Outcome[][] = [
  ['busy', 'refused', 'away', 'late', 'away', 'late', 'away', 'away', 'late', 'sent'],
  ['busy', 'refused', 'away', 'late', 'away', 'late', 'away', 'away', 'late', 'sent'],
  ['away', 'away', 'away', 'late', 'away', 'late', 'away', 'away', 'late', 'sent'],
  ['busy', 'login', 'away', 'late', 'away', 'late', 'away', 'away', 'late', 'sent'],
  ['busy', 'refused', 'away', 'late', 'away', 'late', 'away', 'away', 'late', 'sent'],
  ['busy', 'refused', 'away', 'late', 'away', 'late', 'away', 'away', 'late', 'sent'],
  ['busy', 'refused', 'away', 'late', 'away', 'late', 'away', 'away', 'late', 'sent'],
  ['busy', 'refused', 'doubt', 'doubt', 'doubt', 'doubt', 'doubt', 'doubt', 'doubt', 'sent'],
  ['sent', 'sent', 'sent', 'sent', 'sent', 'sent', 'sent', 'sent', 'sent', 'sent'],
]

/** Every place with every way to answer there. */
export const everywhere: SmtpFault[] = places.flatMap(([where, stage, usual], row) =>
  ways.map(([what, act], column) => {
    const outcome = cells[row]![column]!
    return {
      ...{ where, what, outcome, isTaken: outcome === 'sent' || outcome === 'doubt' },
      ...(stage === 'STARTTLS' && { security: 'starttls' as const }),
      script: { act: (at) => (at === stage ? act(usual) : undefined) },
    }
  }),
)

/** The lines of the table of `everywhere`, as docs/operations.md has them. */
export function everywhereTable(): string[] {
  return [
    `| at | ${ways.map(([what]) => what).join(' | ')} |`,
    `|${'---|'.repeat(ways.length + 1)}`,
    ...places.map(([where], row) => `| ${where} | ${cells[row]!.join(' | ')} |`),
  ]
}
