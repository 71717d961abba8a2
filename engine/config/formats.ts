/** The formats that the schemas name: each says what is allowed where a text is not of it. */

import { readEdge } from '../core/edge.ts'
import { isPlainAddress } from '../core/mail-address.ts'
import { recipientParameter } from '../core/recipients.ts'
import { isTimezone } from '../core/zone.ts'
import { readCron } from './cron-cache.ts'
import { parseEvery } from './every.ts'

/** Gives what is allowed, as the end of a sentence, or null where the text is fine. */
type FormatCheck = (text: string) => string | null

const pathParts = /^[^\\\p{Cc}]*$/u

export const formats: Record<string, FormatCheck> = {
  timezone: (text) =>
    isTimezone(text) ? null : 'is no time zone; write an IANA name such as "America/Chicago"',
  address: (text) =>
    isPlainAddress(text) ? null : 'is not one plain e-mail address such as "ops@acme.example"',
  recipient: (text) =>
    // An address may hold braces, but whoever writes them here means a parameter.
    (isPlainAddress(text) && !/[{}]/.test(text)) || recipientParameter(text) !== undefined
      ? null
      : 'is neither one plain e-mail address such as "ops@acme.example" nor a parameter such as "{param.recipients}"',
  'absolute-path': (text) =>
    text.startsWith('/') && isPlainPath(text) && !text.includes('//')
      ? null
      : 'is no absolute path; it begins with "/" and has no "..", "//" or backslash',
  'key-prefix': (text) =>
    !text.startsWith('/') && isPlainPath(text)
      ? null
      : 'is no key prefix; it does not begin with "/" and has no ".." or backslash',
  cron: (text) => {
    const parsed = readCron(text)
    return 'problem' in parsed ? parsed.problem : null
  },
  every: (text) => {
    const parsed = parseEvery(text)
    return 'problem' in parsed ? parsed.problem : null
  },
  edge: (text) =>
    readEdge(text, 'UTC', 'start') === undefined
      ? 'is no moment; write it as "2026-12-24", "2026-12-24T18:00" or "2026-12-24T18:00:00Z"'
      : null,
  blackout: (text) =>
    /^([01]\d|2[0-3]):[0-5]\d$/.test(text) || readEdge(text, 'UTC', 'start') !== undefined
      ? null
      : 'is neither a time of the day such as "22:00" nor a moment such as "2026-12-24" or "2026-12-24T18:00"',
  endpoint: (text) =>
    isEndpoint(text)
      ? null
      : 'is no endpoint; write https://, a host and perhaps a path, without a query (http only on loopback)',
  locale: (text) =>
    isLocale(text)
      ? null
      : 'is no language that dates and numbers can be written in, such as "en-US" or "de"',
  'date-pattern': (text) =>
    /^(yyyy|MM|dd|HH|mm|ss|[^A-Za-z0-9\p{Cc}]|T)+$/u.test(text)
      ? null
      : 'is no pattern of dates; write yyyy, MM, dd, HH, mm and ss with signs between them, such as "MM/dd/yyyy HH:mm"',
  date: (text) => (isDate(text) ? null : 'is no calendar day; write it as "2026-12-25"'),
}

/** Whether a host is this machine itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

function isPlainPath(text: string): boolean {
  return pathParts.test(text) && text.split('/').every((part) => part !== '..' && part !== '.')
}

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  if (url.username || url.password || url.search || url.hash) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

function isLocale(text: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(text).length > 0
  } catch {
    // Not even the shape of a tag.
    return false
  }
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}
