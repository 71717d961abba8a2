/** What a scripted SMTP server is told. */

/** `end` is the answer to the whole mail, `body` the moment its first bytes came, `idle` the one after its answer. */
export type SmtpStage =
  | 'connect'
  | 'greeting'
  | 'EHLO'
  | 'STARTTLS'
  | 'handshake'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'body'
  | 'end'
  | 'idle'
  | 'QUIT'

/**
 * `say` is written as it is, and whether it begins like a yes decides how the server goes on. `endless` is a line that
 * does not end, `drip` one that comes a byte at a time; `afterwards` is said once the client has gone.
 */
export type SmtpAct =
  | { say: string; closes?: true; afterMs?: number }
  | { afterwards: string }
  | 'silence'
  | 'close'
  | 'reset'
  | 'endless'
  | 'drip'

export interface SmtpMoment {
  /** The number of the session, from 1. */
  session: number
  /** Mails that this session took so far. */
  mails: number
  /** Recipients that were named for this mail so far, this one included. */
  recipients: number
  /** The client's line. */
  line: string
}

export interface SmtpScript {
  act?: (stage: SmtpStage, moment: SmtpMoment) => SmtpAct | undefined
  /** What EHLO names. Default: AUTH PLAIN, 8BITMIME, and STARTTLS with `tls`. */
  extensions?: string[]
  /** PEM texts. */
  tls?: { key: string; cert: string }
  port?: number
}
