/** Translates what an SMTP session throws into errors of the table. */
import { JobsdError } from '../core/errors.ts'
import { hideSecrets } from '../core/secret.ts'

export interface SmtpPhase {
  connection: string
  connectMs: number
  idleMs: number
  /** What the mail has at least in bytes. */
  size?: number
  /** The server was given the end of the mail: without an answer nobody knows. */
  handedOver: boolean
}

interface SmtpFailure extends Error {
  code: string
  originalCode?: string
  response?: string
  timeoutType?: string
  /** Of the limit that ended it, where it was one of ours. */
  timeoutMs?: number
  rejectedErrors?: SmtpFailure[]
}

const sessionCodes = new Set(
  'EAUTH ECONNECTION EDNS EENVELOPE EMESSAGE EPROTOCOL ESOCKET ETIMEDOUT ETLS'.split(' '),
)

/** Returns the JobsdError for a failure of that phase. What does not come from the session is returned as it is. */
export function translateSmtpFailure(error: unknown, phase: SmtpPhase): unknown {
  const { connection } = phase
  const failure = isSmtpFailure(error) ? error : undefined
  const code = replyCode(failure?.response)
  const answered = isPassing(code) || isLasting(code)
  if (phase.handedOver && !answered) return new JobsdError('MAIL_IN_DOUBT', { connection }, causeOf(error))
  if (!failure) return error
  const reason = serverLine(failure)
  const busy = new JobsdError('TARGET_BUSY', { connection, reason }, causeOf(failure))
  if (failure.code === 'ETIMEDOUT') {
    const phaseMs = failure.timeoutType === 'SOCKET_TIMEOUT' ? phase.idleMs : phase.connectMs
    const timeoutMs = failure.timeoutMs ?? phaseMs
    return new JobsdError('ENDPOINT_TIMEOUT', { connection, timeoutMs }, causeOf(failure))
  }
  if (failure.rejectedErrors?.length) {
    const codes = failure.rejectedErrors.map((rejected) => replyCode(rejected.response))
    if (codes.every(isPassing)) return busy
    if (codes.some(isLasting)) {
      return new JobsdError('MAIL_REFUSED', { connection, reason }, causeOf(failure))
    }
  } else if (failure.code !== 'ETLS') {
    if (isPassing(code)) return busy
    // A server that answered with no code refused nothing: what stands between is worth another attempt.
    const isRefusal = isLasting(code) || !failure.response
    if (isRefusal && failure.code === 'EAUTH') {
      return new JobsdError('AUTH_REFUSED', { connection }, causeOf(failure))
    }
    if (isTooLarge(failure, code)) {
      const details = { fileName: `the mail to the server of ${connection}`, size: phase.size ?? 0 }
      return new JobsdError('MAIL_TOO_LARGE', { ...details, allowed: allowedSize(failure) }, causeOf(failure))
    }
    if (isLasting(code) || (isRefusal && ['EENVELOPE', 'EMESSAGE'].includes(failure.code))) {
      return new JobsdError('MAIL_REFUSED', { connection, reason }, causeOf(failure))
    }
  }
  return new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason }, causeOf(failure))
}

/**
 * Whether a session that was kept has ended, or is told to: its server hung up, or asks for a new one. Only where
 * nothing of the mail was given to it is that no more than a reason to take another.
 */
export function isStale(error: unknown): boolean {
  if (!isSmtpFailure(error)) return false
  if (error.response) return [421, 452].includes(replyCode(error.response))
  return error.code === 'ECONNECTION' || error.code === 'ESOCKET'
}

/** The server's line as one line of at most 300 characters; the failure's own words where it said nothing. */
export function serverLine(failure: { response?: string | undefined; message: string }): string {
  return oneLine(failure.response || failure.message)
}

/** The code of a whole reply; 0 for what is none, such as a reply whose lines have different codes. */
export function replyCode(response = ''): number {
  const [code = '', ...others] = response.split('\n').map((line) => /^\d{3}(?=[\s-]|$)/.exec(line)?.[0] ?? '')
  return others.every((other) => other === code) ? Number(code) : 0
}

function isPassing(code: number): boolean {
  return code >= 400 && code < 500
}

function isLasting(code: number): boolean {
  return code >= 500 && code < 600
}

/** RFC 3463: 5.3.4 is too big for the server; 552 is so too, unless its own class is about a mailbox that is full. */
function isTooLarge({ code, response }: SmtpFailure, answer: number): boolean {
  if (!response) return code === 'EMESSAGE'
  if (!isLasting(answer)) return false
  return /^5\d\d[ -]5\.3\.4\b/.test(response) || /^552(?![ -]5\.)/.test(response)
}

/** Where the server announced no limit, all that is known is that the mail is over it. */
function allowedSize({ response, message }: SmtpFailure): number | string {
  const announced = response ? undefined : /larger than allowed (\d+)/.exec(message)?.[1]
  return announced === undefined ? 'fewer' : Number(announced)
}

function isSmtpFailure(error: unknown): error is SmtpFailure {
  return error instanceof Error && 'code' in error && sessionCodes.has(String(error.code))
}

/** The library's error without what it carries: only what was said. */
function causeOf(error: unknown): { cause: Error } {
  if (!(error instanceof Error)) return { cause: new Error(oneLine(String(error))) }
  const code = 'originalCode' in error ? error.originalCode : 'code' in error ? error.code : error.name
  return { cause: new Error(`${String(code)}: ${oneLine(error.message)}`) }
}

function oneLine(text: string): string {
  return hideSecrets(text)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 300)
}
