/** Reads mails that came back. They come from anybody: their size, depth and number of parts are bounded. */
import PostalMime, { type Email } from 'postal-mime'
import type { ReturnedMail } from '../core/contracts/bounces.ts'
import { readDeliveryStatus, readMessageId } from './delivery-status.ts'

/** The report stands before the mail that came back, so that a cut mail still tells all that is needed. */
export const readBytes = 1024 * 1024
/** The parser takes its time for each line, however short. */
const maxLines = 20_000
const maxHeaderBytes = 256 * 1024
const maxDepth = 8
/** Each may be a part, and each part costs memory and time. */
const maxDashLines = 2_000
const returnedHeaderChars = 64 * 1024

const statusTypes = ['message/delivery-status', 'message/global-delivery-status']
const returnedTypes = [
  'message/rfc822',
  'message/global',
  'text/rfc822-headers',
  'text/rfc822-header',
  'message/global-headers',
]

/** Leaves out what nobody asks for: making one text of all parts takes the library many seconds for hostile HTML. */
class PartsReader extends PostalMime {
  renderTextContent(): void {}
}

/** Reads a mail's first MiB by RFC 3464. Never throws for what is in it, and never looks into a mail within the mail. */
export async function readReturnedMail(bytes: Uint8Array): Promise<ReturnedMail> {
  const { read, dashLines } = measure(bytes)
  if (!hasHeader(read)) return { kind: 'unreadable', why: 'it is no mail: it begins with no header' }
  if (dashLines > maxDashLines) return { kind: 'unreadable', why: 'it has too many parts' }
  let mail: Email
  try {
    const limits = { maxNestingDepth: maxDepth, maxHeadersSize: maxHeaderBytes, maxRfc822NestingDepth: 0 }
    mail = await new PartsReader(limits).parse(read)
  } catch {
    // The library's words quote the mail, and it throws only for what is over a limit.
    return { kind: 'unreadable', why: 'its parts are nested too deep, or its headers are too long' }
  }
  return readReport(mail)
}

function readReport(mail: Email): ReturnedMail {
  const type = mail.headers.find(({ key }) => key === 'content-type')?.value.toLowerCase() ?? ''
  const isReport = /^\s*multipart\/report\b/.test(type)
  const isStatus =
    !/report-type\s*=/.test(type) || /report-type\s*=\s*"?(global-)?delivery-status\b/.test(type)
  if (!isReport || !isStatus) return { kind: 'other', why: 'it is no delivery status report' }
  const status = textOf(mail, statusTypes)
  if (status === undefined) return { kind: 'unreadable', why: 'the report has no delivery status' }
  const messageId = readMessageId(textOf(mail, returnedTypes)?.slice(0, returnedHeaderChars) ?? '')
  const reports = readDeliveryStatus(status, messageId)
  if (reports.length === 0) return { kind: 'unreadable', why: 'the delivery status names no recipient' }
  return { kind: 'report', reports }
}

/** The first part of one of those types. */
function textOf(mail: Email, types: readonly string[]): string | undefined {
  const part = mail.attachments.find(({ mimeType }) => types.includes(mimeType.toLowerCase()))
  if (!part) return undefined
  return typeof part.content === 'string' ? part.content : new TextDecoder().decode(part.content)
}

/** Whether it begins as mails do; mbox and maildir put a line of their own before it at most. */
function hasHeader(bytes: Uint8Array): boolean {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 2000))
  return /^(?:From [^\n]*\n)?[\x21-\x39\x3b-\x7e]+[ \t]*:/.test(start)
}

/** What is read of a mail, and how many of its lines may begin a part. */
function measure(bytes: Uint8Array): { read: Uint8Array; dashLines: number } {
  const [lineFeed, dash] = [10, 45]
  const read = bytes.subarray(0, readBytes)
  let [lines, dashLines] = [0, 0]
  for (let at = read.indexOf(lineFeed); at >= 0; at = read.indexOf(lineFeed, at + 1)) {
    lines += 1
    if (lines === maxLines) return { read: read.subarray(0, at + 1), dashLines }
    if (read[at + 1] === dash && read[at + 2] === dash) dashLines += 1
  }
  return { read, dashLines }
}
