/** What a mail server can do that is not one answer at one place, as data: docs/operations.md shows the same table. */

import type { Outcome, SmtpFault } from './smtp-faults.ts'
import type { SmtpAct, SmtpMoment, SmtpStage } from './smtp-script.ts'

type Rest = Partial<Omit<SmtpFault, 'script'>> & { extensions?: string[] }
type Act = (moment: SmtpMoment) => SmtpAct | undefined

const three = ['ann@acme.example', 'ben@acme.example', 'cy@acme.example']
const no = { say: '550 5.1.1 no such user\r\n' }
const later = { say: '450 4.7.1 greylisted\r\n' }
const echoed = '\0jobsd\0canary-4711-password'

function row(
  where: string,
  what: string,
  outcome: Outcome,
  acts: Partial<Record<SmtpStage, Act | SmtpAct>>,
  { extensions, ...rest }: Rest = {},
): SmtpFault {
  return {
    ...{ where, what, outcome, isTaken: ['sent', 'partly', 'doubt'].includes(outcome), ...rest },
    script: {
      ...(extensions && { extensions }),
      act(stage, moment) {
        const given = acts[stage]
        return typeof given === 'function' ? given(moment) : given
      },
    },
  }
}

const starttls = { security: 'starttls' } as const
const pipelining = ['AUTH PLAIN', 'PIPELINING']
/** For the nth recipient only. */
const nth =
  (number: number, act: SmtpAct): Act =>
  ({ recipients }) =>
    recipients === number ? act : undefined

export const oddities: SmtpFault[] = [
  row('connecting', 'nobody listens', 'away', {}, { isAbsent: true }),
  row('connecting', 'a reset', 'away', { connect: 'reset' }),
  row('EHLO', 'only HELO is known', 'sent', {
    EHLO: ({ line }) => (line.startsWith('EHLO') ? { say: '500 what?\r\n' } : undefined),
    AUTH: { say: '235 welcome\r\n' },
  }),
  row('EHLO', 'STARTTLS is not named', 'away', { EHLO: { say: '250 mx\r\n' }, STARTTLS: no }, starttls),
  row(
    'STARTTLS',
    'words slipped in behind the 220',
    'sent',
    {
      STARTTLS: { say: '220 go on\r\n250-mx.example\r\n250 AUTH PLAIN\r\n' },
    },
    starttls,
  ),
  row('TLS', 'no TLS but words', 'away', { handshake: { say: 'hello\r\n' } }, starttls),
  row('TLS', 'silence', 'late', { handshake: 'silence' }, starttls),
  row('TLS', 'closes', 'away', { handshake: 'close' }, starttls),
  row(
    'TLS',
    'a certificate of an unknown signer',
    'away',
    {},
    { ...starttls, certificate: 'unknown signer' },
  ),
  row('TLS', 'a certificate of another name', 'away', {}, { ...starttls, certificate: 'another name' }),
  row('the login', 'refused, with the credentials in the answer', 'login', {
    AUTH: ({ line }) => ({ say: `535 5.7.8 ${line} is ${atob(line.slice(11))}\r\n` }),
  }),
  row('the login', 'busy, with the credentials in the answer', 'busy', {
    AUTH: ({ line }) => ({ say: `454 4.7.0 ${line} is ${atob(line.slice(11))}\r\n` }),
  }),
  row(
    'the login',
    'LOGIN only, and its password refused',
    'login',
    {
      AUTH: ({ line }) => (/^Y2FuYXJ5/.test(line) ? { say: `535 ${line}\r\n` } : undefined),
    },
    { extensions: ['AUTH LOGIN'] },
  ),
  row('the login', 'asks on for ever', 'late', { AUTH: { say: '334 more\r\n', afterMs: 20 } }),
  row('MAIL', 'a login is asked for', 'refused', { MAIL: { say: '530 5.7.0 log in first\r\n' } }),
  row('MAIL', 'the credentials in a refusal', 'refused', { MAIL: { say: `550 you are ${echoed}\r\n` } }),
  row('MAIL', '421, and closes', 'busy', { MAIL: { say: '421 4.3.2 going down\r\n', closes: true } }),
  row(
    'MAIL',
    '452 after two mails of a session',
    'sent',
    {
      MAIL: ({ mails }) => (mails >= 2 ? { say: '452 4.5.3 too many mails\r\n' } : undefined),
    },
    { before: 2 },
  ),
  row(
    'EHLO',
    'SIZE 100 for a larger mail: never asked',
    'large',
    {},
    { bytes: 1000, extensions: ['AUTH PLAIN', 'SIZE 100'] },
  ),
  row('MAIL', '552 5.3.4: it is too large', 'large', { MAIL: { say: '552 5.3.4 too large\r\n' } }),
  row('RCPT', '5xx for one of three', 'partly', { RCPT: nth(2, no) }, { to: three }),
  row('RCPT', '4xx for one of three', 'partly', { RCPT: nth(2, later) }, { to: three }),
  row(
    'RCPT',
    '452 at the third: too many',
    'partly',
    { RCPT: nth(3, { say: '452 4.5.3 too many\r\n' }) },
    { to: three },
  ),
  row('RCPT', '4xx for all three', 'busy', { RCPT: later }, { to: three }),
  row('RCPT', '5xx for all three', 'refused', { RCPT: no }, { to: three }),
  row(
    'RCPT',
    '4xx for one, 5xx for the others',
    'refused',
    {
      RCPT: ({ recipients }) => (recipients === 2 ? later : no),
    },
    { to: three },
  ),
  row(
    'RCPT',
    '421 at the second of three',
    'busy',
    { RCPT: nth(2, { say: '421 going down\r\n', closes: true }) },
    { to: three },
  ),
  row('RCPT', 'closes at the second of three', 'away', { RCPT: nth(2, 'close') }, { to: three }),
  row('RCPT', '552 5.2.2: a full mailbox', 'refused', { RCPT: { say: '552 5.2.2 full\r\n' } }),
  row('RCPT', '251: it will be forwarded', 'sent', { RCPT: { say: '251 2.1.5 will forward\r\n' } }),
  row('RCPT', '450, a grey list, then 250 to the next attempt', 'busy', { RCPT: later }),
  row('RCPT', 'an address that is not ASCII: no session', 'refused', {}, { to: ['jürgen@acme.example'] }),
  row('RCPT', 'a refusal in Latin-1 of 200 lines', 'refused', {
    RCPT: { say: `${'550-5.1.1 unbekannter Empf\xe4nger\r\n'.repeat(200)}550 nein\r\n` },
  }),
  row(
    'PIPELINING',
    'one of three refused',
    'partly',
    { RCPT: nth(1, no) },
    { to: three, extensions: pipelining },
  ),
  row(
    'PIPELINING',
    'all refused, and DATA answered 354',
    'refused',
    {
      RCPT: no,
      DATA: { say: '354 go on\r\n' },
    },
    { extensions: pipelining },
  ),
  row('DATA', '250 instead of 354', 'away', { DATA: { say: '250 ok\r\n' } }),
  row('DATA', '552 5.3.4: it is too large', 'large', { DATA: { say: '552 5.3.4 too large\r\n' } }),
  row('within the mail', 'closes', 'away', { body: 'close' }, { bytes: 3_000_000 }),
  row('within the mail', 'reads no more', 'late', { body: 'silence' }, { bytes: 12_000_000 }),
  row(
    'within the mail',
    '552 5.3.4, and closes',
    'large',
    { body: { say: '552 5.3.4 enough\r\n', closes: true } },
    { bytes: 3_000_000 },
  ),
  row('the whole mail', '552 5.3.4: it is too large', 'large', { end: { say: '552 5.3.4 too large\r\n' } }),
  row('the whole mail', '552 5.2.2: a full mailbox', 'refused', { end: { say: '552 5.2.2 full\r\n' } }),
  row('the whole mail', '421, and closes', 'busy', { end: { say: '421 going down\r\n', closes: true } }),
  row('the whole mail', '250 after the deadline', 'doubt', { end: { afterwards: '250 2.0.0 taken\r\n' } }),
  row('the whole mail', 'a part of 250, and closes', 'doubt', { end: { say: '25', closes: true } }),
  row('the whole mail', '550 without the end of its line, and closes', 'refused', {
    end: { say: '550 no', closes: true },
  }),
  row('the whole mail', 'a reset', 'doubt', { end: 'reset' }),
  row('the whole mail', 'a number that is no code', 'doubt', { end: { say: '2.0.0 taken\r\n' } }),
  row('the whole mail', 'a date', 'doubt', { end: { say: '2026-11-24 out of memory\r\n' } }),
  row('the whole mail', '354 once more', 'doubt', { end: { say: '354 go on\r\n' } }),
  row(
    'the whole mail',
    '550 and 250 in one reply',
    'doubt',
    { end: { say: '550-no\r\n250 taken\r\n' } },
    { isTaken: false },
  ),
  row('the whole mail', '250 and nothing more', 'sent', { end: { say: '250\r\n' } }),
  row(
    'between two mails',
    '421, and closes',
    'sent',
    { idle: { say: '421 idle\r\n', closes: true } },
    { before: 1 },
  ),
  row('between two mails', 'closes', 'sent', { idle: 'close' }, { before: 1 }),
  row('between two mails', 'a reset', 'sent', { idle: 'reset' }, { before: 1 }),
]

/** The lines of the table of `oddities`, as docs/operations.md has them. */
export function odditiesTable(): string[] {
  return [
    '| at | what the server does | |',
    '|---|---|---|',
    ...oddities.map(({ where, what, outcome }) => `| ${where} | ${what} | ${outcome} |`),
  ]
}
