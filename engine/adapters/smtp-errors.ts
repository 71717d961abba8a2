/** Translates what an SMTP session throws into errors of the table. */
import { JobsdError } from '../core/errors.ts'
import { hideSecrets } from '../core/secret.ts'

export interface SmtpPhase {
  connection: string
  connectMs: number
  idleMs: number
  /** The server was given the end of the mail: without an answer nobody knows. */
  handedOver: boolean
}

interface SmtpFailure extends Error {
  code: string
  originalCode?: string
  response?: string
  responseCode?: number
  timeoutType?: string
  rejectedErrors?: SmtpFailure[]
}

const sessionCodes = new Set(
  'EAUTH ECONNECTION EDNS EENVELOPE EMESSAGE EPROTOCOL ESOCKET ETIMEDOUT ETLS'.split(' '),
)

/** Returns the JobsdError for a failure of that phase. What does not come from the session is returned as it is. */
export function translateSmtpFailure(error: unknown, phase: SmtpPhase): unknown {
  const { connection } = phase
  const failure = isSmtpFailure(error) ? error : undefined
  const code = failure?.responseCode ?? 0
  const answered = code >= 400 && code < 600
  if (phase.handedOver && !answered) return new JobsdError('MAIL_IN_DOUBT', { connection }, causeOf(error))
  if (!failure) return error
  const reason = serverLine(failure)
  const busy = new JobsdError('TARGET_BUSY', { connection, reason }, causeOf(failure))
  if (failure.code === 'ETIMEDOUT') {
    const timeoutMs = failure.timeoutType === 'SOCKET_TIMEOUT' ? phase.idleMs : phase.connectMs
    return new JobsdError('ENDPOINT_TIMEOUT', { connection, timeoutMs }, causeOf(failure))
  }
  if (failure.rejectedErrors?.length) {
    const passing = failure.rejectedErrors.every((rejected) => isPassing(rejected.responseCode))
    return passing ? busy : new JobsdError('MAIL_REFUSED', { connection, reason }, causeOf(failure))
  }
  if (failure.code === 'EAUTH') {
    return isPassing(code) ? busy : new JobsdError('AUTH_REFUSED', { connection }, causeOf(failure))
  }
  if (failure.code !== 'ETLS') {
    if (isPassing(code)) return busy
    if (answered || failure.code === 'EENVELOPE' || failure.code === 'EMESSAGE') {
      return new JobsdError('MAIL_REFUSED', { connection, reason }, causeOf(failure))
    }
  }
  return new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason }, causeOf(failure))
}

/** The server's line as one line of at most 300 characters; the failure's own words where it said nothing. */
export function serverLine(failure: { response?: string | undefined; message: string }): string {
  return oneLine(failure.response || failure.message)
}

function isPassing(code: number | undefined): boolean {
  return code !== undefined && code >= 400 && code < 500
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
