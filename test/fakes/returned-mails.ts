/** Mails that come back, as mail servers of different makes word them. */

export interface Returned {
  /** With its brackets. */
  messageId: string
  recipient: string
}

const defaults: Returned = {
  messageId: '<0123456789abcdef0123456789abcdef@platform.example>',
  recipient: 'ann@acme.example',
}

/** Lines as a mail has them. */
export function mailOf(...lines: string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n`)
}

/** The parts of a report; `boundary` must not be in them. */
export function reportOf(
  parts: string[],
  { boundary = 'b-1', type = 'delivery-status', head = [] as string[] } = {},
) {
  return mailOf(
    'Return-Path: <>',
    'From: MAILER-DAEMON@mx.acme.example (Mail Delivery System)',
    'To: returned@platform.example',
    'Subject: Undelivered Mail Returned to Sender',
    ...head,
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=${type};`,
    `\tboundary="${boundary}"`,
    '',
    'This is a MIME-encapsulated message.',
    ...parts.flatMap((part) => ['', `--${boundary}`, part]),
    '',
    `--${boundary}--`,
  )
}

export const plain = (text: string) => `Content-Type: text/plain; charset=us-ascii\r\n\r\n${text}`
export const statusPart = (...lines: string[]) =>
  ['Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx.acme.example', '', ...lines].join(
    '\r\n',
  )
export const headersPart = (messageId: string) =>
  [
    'Content-Type: text/rfc822-headers',
    '',
    'Return-Path: <returned@platform.example>',
    `Message-ID: ${messageId}`,
    'Subject: Your report',
  ].join('\r\n')

/** Postfix: the next server refused the recipient. */
export function postfixReport({ messageId, recipient }: Returned = defaults): Buffer {
  return reportOf([
    `Content-Description: Notification\r\n${plain("I'm sorry to have to inform you that your message could not be delivered.")}`,
    statusPart(
      'X-Postfix-Queue-ID: 4XYZ',
      'Arrival-Date: Sun, 22 Nov 2026 10:00:00 +0000 (UTC)',
      '',
      `Final-Recipient: rfc822; ${recipient}`,
      `Original-Recipient: rfc822;${recipient}`,
      'Action: failed',
      'Status: 5.1.1',
      'Remote-MTA: dns; mx.acme.example',
      `Diagnostic-Code: smtp; 550 5.1.1 <${recipient}>: Recipient address`,
      '    rejected: User unknown in local recipient table',
    ),
    [
      'Content-Description: Undelivered Message',
      'Content-Type: message/rfc822',
      '',
      'Received: by mx.platform.example (Postfix)',
      'From: Reports <reports@platform.example>',
      `Message-ID: ${messageId}`,
      'Content-Type: multipart/mixed; boundary=inner',
      '',
      '--inner',
      'Content-Type: text/plain',
      '',
      'The report is attached.',
      '--inner--',
    ].join('\r\n'),
  ])
}

/** The server goes on trying. */
export function delayedReport({ messageId, recipient }: Returned = defaults): Buffer {
  return reportOf([
    plain('Delivery is delayed.'),
    statusPart(
      `Final-Recipient: rfc822; ${recipient}`,
      'Action: delayed',
      'Status: 4.4.1',
      'Diagnostic-Code: X-Postfix; connect to mx.acme.example[192.0.2.1]:25: Connection timed out',
      'Will-Retry-Until: Fri, 27 Nov 2026 10:00:00 +0000 (UTC)',
    ),
    headersPart(messageId),
  ])
}

/** Somebody's absence note: no report. */
export function absenceNote(): Buffer {
  return mailOf(
    'From: ann@acme.example',
    'To: returned@platform.example',
    'Subject: Out of office',
    'Auto-Submitted: auto-replied',
    `In-Reply-To: ${defaults.messageId}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    'I am away until Monday. Action: failed. Status: 5.1.1. Final-Recipient: rfc822; ann@acme.example',
  )
}
