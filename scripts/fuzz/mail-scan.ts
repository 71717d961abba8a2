/** Looks at a mail as a server got it: whether anything stands there that nobody asked for. */
import { type ParsedMail, simpleParser } from 'mailparser'
import type { MailMessage } from '../../engine/core/contracts/endpoints.ts'

const required = ['from', 'to', 'message-id', 'date', 'mime-version', 'content-type']
const optional = [
  'subject',
  'cc',
  'reply-to',
  'auto-submitted',
  'x-auto-response-suppress',
  'list-id',
  'x-jobsd-resend',
].concat(['content-transfer-encoding', 'x-priority', 'importance', 'x-msmail-priority'])
const ofParts = ['content-type', 'content-transfer-encoding', 'content-disposition', 'content-id']
const maxLine = 998

/** Returns what is wrong with the received bytes, in words, as faults in headers. Empty where all holds. */
export async function scanMail(raw: Buffer, message: MailMessage): Promise<string[]> {
  // One character a byte.
  const text = raw.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const top = scanHeaders(text.slice(0, end), required, [...required, ...optional])
  const parts = text
    .split(/(?<=\r\n)--jobsd[^\r\n]*?-Part_\d+\r\n/)
    .slice(1)
    .flatMap((part) => scanHeaders(part.slice(0, part.indexOf('\r\n\r\n')), ['content-type'], ofParts))
  return [...top, ...parts, ...compare(await simpleParser(raw), message)]
}

/** Each header is one of the known ones and stands there once; no line is longer than mails may have. */
function scanHeaders(block: string, needed: string[], known: string[]): string[] {
  const faults: string[] = []
  const names: string[] = []
  for (const line of block.split('\r\n')) {
    if (line.length > maxLine) faults.push(`a header line of ${line.length} characters: ${line.slice(0, 40)}`)
    if (/[\r\n\0]/.test(line)) faults.push(`a line end within ${JSON.stringify(line)}`)
    if (/^[ \t]+\S/.test(line) && names.length > 0) continue
    const name = /^([\w-]+):/.exec(line)?.[1]?.toLowerCase()
    if (name === undefined) faults.push(`no header: ${JSON.stringify(line)}`)
    else if (!known.includes(name)) faults.push(`an extra header: ${JSON.stringify(line)}`)
    else if (names.includes(name)) faults.push(`${name} twice: ${JSON.stringify(line)}`)
    else names.push(name)
  }
  for (const name of needed) if (!names.includes(name)) faults.push(`no ${name}`)
  return faults
}

/** As a reader's program takes it: its people, subject and files are those of the message. */
function compare(parsed: ParsedMail, message: MailMessage): string[] {
  const faults: string[] = []
  const expect = (what: string, is: unknown, should: unknown): void => {
    const [found, wanted] = [JSON.stringify(is), JSON.stringify(should)]
    if (found !== wanted) faults.push(`${what} is read as ${found}, not ${wanted}`)
  }
  const people = (field: ParsedMail['to']): unknown =>
    [field ?? []].flat().flatMap(({ value }) => value.map(({ address, group }) => group ?? address))
  expect('to', people(parsed.to), message.to)
  expect('cc', people(parsed.cc), message.cc)
  expect('bcc', people(parsed.bcc), [])
  expect('replyTo', people(parsed.replyTo), message.replyTo === null ? [] : [message.replyTo])
  expect('from', people(parsed.from), ['reports@platform.example'])
  expect('the id', parsed.messageId, message.messageId)
  expect(
    'the number of files',
    parsed.attachments.length,
    message.attachments.length + (message.images?.length ?? 0),
  )
  for (const { filename, headers } of parsed.attachments) {
    if (/\p{Cc}/u.test(filename ?? '')) faults.push(`a file is called ${JSON.stringify(filename)}`)
    for (const name of headers.keys())
      if (!ofParts.includes(name)) faults.push(`a part's extra header ${name}`)
  }
  if (/\p{Cc}/u.test(parsed.subject ?? ''))
    faults.push(`the subject is read as ${JSON.stringify(parsed.subject)}`)
  const name = parsed.from?.value[0]?.name ?? ''
  if (/\p{Cc}/u.test(name)) faults.push(`the sender's name is read as ${JSON.stringify(name)}`)
  return faults
}
