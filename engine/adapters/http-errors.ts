/** Translates what a web service answers, and what becomes of its connection, into errors of the table. */
import type { IncomingMessage } from 'node:http'
import { JobsdError } from '../core/errors.ts'

const maxShown = 200
const dayMs = 86_400_000
/** Those of 5xx by which the service itself tells that it did not do it. */
const ownStatuses = [500, 501, 503, 507]

/** A request as messages show it. */
export interface Asked {
  connection: string
  /** `POST /campaigns` */
  request: string
}

/** The error of an answer whose status is none of those that are fine. `text` is the beginning of its body. */
export function refuseAnswer(
  { statusCode: status = 0, statusMessage, headers }: IncomingMessage,
  text: string,
  asked: Asked & { nowMs: number; isRepeatable: boolean; hidden: readonly string[] },
): JobsdError {
  const { connection, request } = asked
  const words = printable(`${statusMessage ?? ''}${text ? `: ${text}` : ''}`, asked.hidden)
  const reason = `${request} was answered ${status} ${words}`.trim()
  if (status === 401) return new JobsdError('AUTH_REFUSED', { connection }, { cause: new Error(reason) })
  // A gateway that gave up on what stands behind it, by whatever number, does not know what that did.
  if (status >= 500 && !ownStatuses.includes(status) && !asked.isRepeatable)
    return new JobsdError('REQUEST_IN_DOUBT', { connection, request }, { cause: new Error(reason) })
  if (status >= 500 || status === 429 || status === 408) {
    const retryAfterMs = readRetryAfter(headers['retry-after'], asked.nowMs)
    return new JobsdError('TARGET_BUSY', { connection, reason, ...(retryAfterMs > 0 && { retryAfterMs }) })
  }
  const why = status >= 300 && status < 400 ? `${reason} (redirects are not followed)` : reason
  return new JobsdError('TARGET_REFUSED', { connection, path: request, reason: why })
}

/** The error of a connection that broke, did not come about, or took too long. */
export function describeBreak(
  error: unknown,
  { connection, request }: Asked,
  phase: { isDoubtful: boolean; lateMs: number | undefined },
): unknown {
  if (error instanceof JobsdError) return error
  const { code, message } = error as NodeJS.ErrnoException
  // Node's own codes for wrong arguments and states are bugs; those of sockets, of TLS and of HTTP are not.
  if (code === undefined || /^ERR_(?!TLS|SSL)/.test(code)) {
    if (phase.lateMs === undefined && !phase.isDoubtful) return error
  }
  const cause = new Error(`${code ?? ''} ${message}`.trim())
  if (phase.isDoubtful) return new JobsdError('REQUEST_IN_DOUBT', { connection, request }, { cause })
  if (phase.lateMs !== undefined)
    return new JobsdError('ENDPOINT_TIMEOUT', { connection, timeoutMs: phase.lateMs }, { cause })
  return new JobsdError('ENDPOINT_UNREACHABLE', { connection, reason: printable(message, []) }, { cause })
}

/** The first characters that can be shown, in one line, without what must not be. */
function printable(text: string, hidden: readonly string[]): string {
  const shown = hidden.flatMap(spellings).reduce((left, value) => left.replaceAll(value, '[secret]'), text)
  const line = shown.replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim()
  return Array.from(line).slice(0, maxShown).join('')
}

/** A secret as it is and as a service may write it where it shows what it got. */
function spellings(value: string): string[] {
  const escaped = JSON.stringify(value).slice(1, -1)
  const encoded = encodeURIComponent(value.toWellFormed())
  return [value, escaped, encoded, Buffer.from(value).toString('base64')].filter((text) => text !== '')
}

/** Seconds or a date; 0 for none that can be read. At most a day. */
function readRetryAfter(text: string | undefined, nowMs: number): number {
  if (text === undefined) return 0
  const ms = /^\d{1,9}$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), dayMs) : 0
}
