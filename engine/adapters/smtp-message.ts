/** Builds a mail's bytes. The same message gives the same bytes every time. */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import MailComposer from 'nodemailer/lib/mail-composer'
import type MimeNode from 'nodemailer/lib/mime-node'
import type { MailMessage } from '../core/contracts/endpoints.ts'
import { JobsdError } from '../core/errors.ts'
import { isPlainAddress } from '../core/mail-address.ts'
import type { SmtpConnection } from '../core/manifest.ts'
import { writeMail } from './smtp-compose.ts'

const maxRecipients = 50
// Outlook reads the one, most others the other.
const urgency = {
  high: { 'X-Priority': '1', Importance: 'high' },
  normal: {},
  low: { 'X-Priority': '5', Importance: 'low' },
}
// A line of a mail has at most 998 characters, and a text without a space cannot be folded.
const longestText = 500
/** A mail is built in memory when neither a text of it nor its attachments together have more bytes. */
const wholeBytes = 64 * 1024

/**
 * Returns everyone a mail goes to, each once. Throws MAIL_REFUSED for none, for more than 50 and for anything that
 * is not one plain ASCII address.
 */
export function mailRecipients(connection: SmtpConnection, message: MailMessage): string[] {
  const refuse = (reason: string) => new JobsdError('MAIL_REFUSED', { connection: connection.name, reason })
  const recipients = [...new Set([...message.to, ...message.cc, ...message.bcc])]
  const { from, returnPath = from } = connection
  const others = [from, returnPath, ...(message.replyTo === null ? [] : [message.replyTo])]
  for (const address of [...recipients, ...others]) {
    if (!isPlainAddress(address)) throw refuse(`${JSON.stringify(address)} is not one plain e-mail address`)
  }
  if (recipients.length === 0) throw refuse('it has no recipient')
  if (recipients.length > maxRecipients) {
    throw refuse(`it has ${recipients.length} recipients, ${maxRecipients} are allowed`)
  }
  return recipients
}

/**
 * Opens a mail: its bytes where it is small, else a stream of them that reads the attachments from disk. Throws
 * FILE_MISSING.
 */
export async function openMessage(
  connection: SmtpConnection,
  message: MailMessage,
): Promise<Buffer | Readable> {
  const { attachments, text, html } = message
  const isSmall =
    Math.max(Buffer.byteLength(text), Buffer.byteLength(html), sumSizes(attachments)) <= wholeBytes
  if (isSmall) return writeMail(compose(connection, message, attachments.map(readAttachment)))
  const handles: FileHandle[] = []
  try {
    for (const attachment of attachments) handles.push(await openAttachment(attachment))
  } catch (error) {
    for (const handle of handles) await handle.close()
    throw error
  }
  const contents = handles.map((handle) => handle.createReadStream())
  return compose(connection, message, contents).createReadStream()
}

/** A mail's bytes, however many: for a preview. Throws FILE_MISSING. */
export async function buildMessage(connection: SmtpConnection, message: MailMessage): Promise<Buffer> {
  const opened = await openMessage(connection, message)
  return Buffer.isBuffer(opened) ? opened : await buffer(opened)
}

function compose(
  connection: SmtpConnection,
  message: MailMessage,
  contents: (Buffer | Readable)[],
): MimeNode {
  const composer = new MailComposer({
    disableFileAccess: true,
    disableUrlAccess: true,
    baseBoundary: createHash('sha256').update(message.messageId).digest('hex').slice(0, 32),
    boundaryPrefix: 'jobsd',
    messageId: message.messageId,
    date: message.date,
    from: { name: oneLine(connection.fromName ?? ''), address: connection.from },
    to: message.to.map(asAddress),
    cc: message.cc.map(asAddress),
    ...(message.replyTo !== null && { replyTo: asAddress(message.replyTo) }),
    subject: oneLine(message.subject),
    // Nobody reads an absence note that a report gets; a bounce is still wanted.
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'OOF, AutoReply',
      ...urgency[message.priority ?? 'normal'],
      ...Object.fromEntries(
        Object.entries(message.headers ?? {}).map(([name, value]) => [name, oneLine(value)]),
      ),
    },
    text: message.text,
    html: message.html,
    attachments: [
      ...message.attachments.map(({ fileName, mediaType }, index) => ({
        filename: oneLine(fileName),
        contentType: attachedType(mediaType),
        contentDisposition: 'attachment' as const,
        content: contents[index],
      })),
      ...(message.images ?? []).map(({ id, fileName, mediaType, content }) => ({
        cid: id,
        filename: fileName,
        contentType: mediaType,
        contentDisposition: 'inline' as const,
        content: Buffer.from(content),
      })),
    ],
  })
  return composer.compile()
}

/** What a mail has at least in bytes: attachments as base64 in lines of 76, and both texts. For the server's SIZE. */
export async function leastBytes({ attachments, text, html }: MailMessage): Promise<number> {
  const files = await Promise.all(attachments.map(({ localPath }) => stat(localPath)))
  const encoded = files.map(({ size }) => Math.ceil(size / 3) * 4)
  const lineEnds = encoded.map((size) => 2 * Math.floor(size / 76))
  const texts = [Buffer.byteLength(text), Buffer.byteLength(html)]
  return [...encoded, ...lineEnds, ...texts].reduce((sum, size) => sum + size)
}

function asAddress(address: string): { name: string; address: string } {
  return { name: '', address }
}

type Attachment = MailMessage['attachments'][number]

/** In one turn, as is the read: small files of our own store cost more to wait for than to read. */
function sumSizes(attachments: Attachment[]): number {
  const sizes = attachments.map((attachment) => tryFile(attachment, (path) => statSync(path).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function readAttachment(attachment: Attachment): Buffer {
  return tryFile(attachment, (path) => readFileSync(path))
}

function tryFile<T>({ localPath, fileName }: Attachment, use: (path: string) => T): T {
  try {
    return use(localPath)
  } catch (error) {
    throw missing(fileName, error)
  }
}

async function openAttachment({ localPath, fileName }: Attachment): Promise<FileHandle> {
  try {
    return await open(localPath, 'r')
  } catch (error) {
    throw missing(fileName, error)
  }
}

function missing(fileName: string, cause: unknown): JobsdError {
  return new JobsdError('FILE_MISSING', { path: fileName }, { cause })
}

/** multipart and message parts may not be encoded, so such files travel as bytes. */
function attachedType(mediaType: string): string {
  const plain = /^[\w.+-]+\/[\w.+-]+(?:; *charset=[\w-]+)?$/.test(mediaType)
  return plain && !/^(multipart|message)\//i.test(mediaType) ? mediaType : 'application/octet-stream'
}

/** Cut where no header can hold it. What looks like an encoded word is broken up: decoded it may be line ends. */
function oneLine(text: string): string {
  const line = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp} ]+/gu, ' ')
    .trim()
    .replaceAll('=?', '= ?')
  return line.length > longestText
    ? `${Array.from(line)
        .slice(0, longestText - 1)
        .join('')}…`
    : line
}
