/** Writes a composed mail in one go: the bytes that the library's stream gives, without a stream for each part. */
import * as base64 from 'nodemailer/lib/base64'
import type MimeNode from 'nodemailer/lib/mime-node'
import * as quotedPrintable from 'nodemailer/lib/qp'

/** Returns a mail's bytes. No part may have a stream as its content, and no text more than 64 KiB. */
export function writeMail(root: MimeNode): Buffer {
  const pieces: string[] = []
  writePart(root, pieces)
  const text = pieces.join('')
  return Buffer.from(text.endsWith('\n') ? text : `${text}\r\n`, 'utf8')
}

function writePart(part: MimeNode, pieces: string[]): void {
  pieces.push(part.buildHeaders(), '\r\n\r\n')
  if (part.content) pieces.push(encodeContent(part))
  if (!part.multipart) return
  for (const [index, child] of part.childNodes.entries()) {
    pieces.push(index > 0 ? '\r\n--' : '--', String(part.boundary), '\r\n')
    writePart(child, pieces)
  }
  pieces.push('\r\n--', String(part.boundary), '--\r\n')
}

function encodeContent(part: MimeNode): string {
  const content = part.content as string | Buffer
  const encoding = part.getTransferEncoding()
  if (encoding === 'base64') return base64.wrap(base64.encode(content))
  if (encoding === 'quoted-printable') return quotedPrintable.wrap(quotedPrintable.encode(content))
  return content.toString()
}
