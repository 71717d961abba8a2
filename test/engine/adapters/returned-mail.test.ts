import t from 'tap'
import { readReturnedMail } from '../../../engine/adapters/returned-mail.ts'
import { Secret } from '../../../engine/core/secret.ts'
import {
  absenceNote,
  delayedReport,
  headersPart,
  mailOf,
  plain,
  postfixReport,
  reportOf,
  statusPart,
} from '../../fakes/returned-mails.ts'

const messageId = '<0123456789abcdef0123456789abcdef@platform.example>'
const ann = {
  messageId,
  recipient: 'ann@acme.example',
  original: '',
  action: 'failed',
  status: '5.1.1',
  diagnostic: '',
}
const failedAnn = ['Final-Recipient: rfc822; ann@acme.example', 'Action: failed', 'Status: 5.1.1']

t.test('reports of every make tell the same', async (t) => {
  const words =
    '550 5.1.1 <ann@acme.example>: Recipient address rejected: User unknown in local recipient table'
  const cases: [title: string, mail: Buffer, reports: object[]][] = [
    ['Postfix', postfixReport(), [{ ...ann, original: 'ann@acme.example', diagnostic: words }]],
    [
      'one that is late',
      delayedReport(),
      [
        {
          ...ann,
          action: 'delayed',
          status: '4.4.1',
          diagnostic: 'connect to mx.acme.example[192.0.2.1]:25: Connection timed out',
        },
      ],
    ],
    [
      'Exim of today, by headers alone',
      reportOf(
        [
          plain('A message that you sent could not be delivered to one or more of its recipients.'),
          statusPart(
            'Action: failed',
            'Final-Recipient: rfc822;ann@acme.example',
            'Status: 5.0.0',
            'Remote-MTA: dns; mx.acme.example',
            'Diagnostic-Code: smtp; 550 No such user here',
          ),
          headersPart(messageId),
        ],
        {
          boundary: '1732270000-eximdsn-123',
          head: ['X-Failed-Recipients: ann@acme.example', 'Auto-Submitted: auto-replied'],
        },
      ),
      [{ ...ann, status: '5.0.0', diagnostic: '550 No such user here' }],
    ],
    [
      'Exchange, with words of its own',
      reportOf(
        [
          `Content-Type: multipart/alternative; differences=Content-Type; boundary="alt"\r\n\r\n--alt\r\n${plain('Your message was not delivered.')}\r\n--alt\r\nContent-Type: text/html\r\n\r\n<p>Not delivered</p>\r\n--alt--`,
          statusPart(
            'Final-Recipient: rfc822;ann@acme.example',
            'Action: failed',
            'Status: 5.1.10',
            'Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@acme.example not found by SMTP address lookup',
            'X-Display-Name: ann@acme.example',
          ),
          `Content-Type: message/rfc822\r\n\r\nReceived: from mx\r\nMessage-ID:\r\n ${messageId}\r\nSubject: x\r\n\r\nbody`,
        ],
        { boundary: '_000_x-y_' },
      ),
      [
        {
          ...ann,
          status: '5.1.10',
          diagnostic:
            '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@acme.example not found by SMTP address lookup',
        },
      ],
    ],
    [
      'Gmail, with a picture beside its words',
      reportOf([
        `Content-Type: multipart/related; boundary="rel"\r\n\r\n--rel\r\nContent-Type: multipart/alternative; boundary="alt"\r\n\r\n--alt\r\n${plain('** Address not found **')}\r\n--alt--\r\n--rel\r\nContent-Type: image/png; name="icon.png"\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--rel--`,
        statusPart(
          'Received-From-MTA: dns; reports@platform.example',
          'Arrival-Date: Sun, 22 Nov 2026 02:00:00 -0800 (PST)',
          `X-Original-Message-ID: ${messageId}`,
          '',
          ...failedAnn,
          'Remote-MTA: dns; gmail-smtp-in.l.google.example. (192.0.2.26, the server for the domain gmail.example.)',
          'Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try',
          ' 550-5.1.1 double-checking the address.',
          'Last-Attempt-Date: Sun, 22 Nov 2026 02:00:01 -0800 (PST)',
        ),
        `Content-Type: message/rfc822\r\n\r\nMIME-Version: 1.0\r\nMessage-ID: ${messageId}\r\n\r\nx`,
      ]),
      [
        {
          ...ann,
          diagnostic:
            '550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the address.',
        },
      ],
    ],
    [
      'several recipients, each with an end of its own',
      reportOf([
        plain('x'),
        statusPart(
          ...failedAnn,
          '',
          'Original-Recipient: rfc822;bob@acme.example',
          'Final-Recipient: rfc822;robert@elsewhere.example',
          'Action: Failed (mailbox full)',
          'Status: 5.2.2 (over quota)',
          '',
          'Final-Recipient: rfc822; carl@acme.example',
          'Action: relayed',
          'Status: 2.0.0',
        ),
        headersPart(messageId),
      ]),
      [
        ann,
        { ...ann, recipient: 'robert@elsewhere.example', original: 'bob@acme.example', status: '5.2.2' },
        { ...ann, recipient: 'carl@acme.example', action: 'relayed', status: '2.0.0' },
      ],
    ],
    ['no mail that came back', reportOf([plain('x'), statusPart(...failedAnn)]), [{ ...ann, messageId: '' }]],
    [
      'no Action, which a lasting status stands for, and a Message-ID without brackets',
      reportOf([
        plain('x'),
        statusPart('Final-Recipient: ann@acme.example', 'Status: 5.1.1'),
        headersPart(messageId.slice(1, -1)),
      ]),
      [ann],
    ],
    [
      'umlauts, and characters that turn a line around',
      reportOf([
        plain('x'),
        statusPart(...failedAnn, 'Diagnostic-Code: smtp; 550 Postfach \u202eüberfüllt\u200b\tso'),
        headersPart(messageId),
      ]),
      [{ ...ann, diagnostic: '550 Postfach überfüllt so' }],
    ],
    [
      'the status in base64',
      reportOf([
        plain('x'),
        `Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(`Reporting-MTA: dns; x\r\n\r\n${failedAnn.join('\r\n')}\r\n`).toString('base64')}`,
        headersPart(messageId),
      ]),
      [ann],
    ],
    [
      'an mbox, and bare line feeds',
      Buffer.from(
        `From MAILER-DAEMON Sun Nov 22 10:00:00 2026\n${reportOf([
          plain('x'),
          statusPart(...failedAnn),
          headersPart(messageId),
        ])
          .toString()
          .replaceAll('\r\n', '\n')}`,
      ),
      [ann],
    ],
    [
      'a mail of 20 MB that came back whole',
      reportOf([
        plain('x'),
        statusPart(...failedAnn),
        `Content-Type: message/rfc822\r\n\r\nMessage-ID: ${messageId}\r\n\r\n${'QUJDRA==\r\n'.repeat(2_000_000)}`,
      ]),
      [ann],
    ],
  ]
  for (const [title, mail, reports] of cases)
    t.strictSame(await readReturnedMail(mail), { kind: 'report', reports }, title)
})

t.test('what is no report says so, whatever its words', async (t) => {
  const notDelivery = 'it is no delivery status report'
  const cases: [title: string, mail: Buffer, kind: string, why: string][] = [
    ['an absence note', absenceNote(), 'other', notDelivery],
    [
      'an old Exim, which has no report part',
      mailOf(
        'From: Mail Delivery System <Mailer-Daemon@mx.acme.example>',
        'X-Failed-Recipients: ann@acme.example',
        'Subject: Mail delivery failed: returning message to sender',
        '',
        'This message was created automatically by mail delivery software.',
        '  ann@acme.example',
        '    550 No such user here',
        '------ This is a copy of the message, including all the headers. ------',
        `Message-ID: ${messageId}`,
      ),
      'other',
      notDelivery,
    ],
    [
      'a report that somebody forwarded: it is not looked into',
      mailOf('From: ann@acme.example', 'Content-Type: message/rfc822', '', postfixReport().toString()),
      'other',
      notDelivery,
    ],
    [
      'a receipt that it was read',
      reportOf(
        ['Content-Type: message/disposition-notification\r\n\r\nDisposition: manual-action; displayed'],
        {
          type: 'disposition-notification',
        },
      ),
      'other',
      notDelivery,
    ],
    ['a report without a status', reportOf([plain('x')]), 'unreadable', 'the report has no delivery status'],
    [
      'a status that names nobody',
      reportOf([statusPart('Action: failed', 'Status: 5.1.1')]),
      'unreadable',
      'the delivery status names no recipient',
    ],
    [
      'an address that would move a cursor, or turn a line around',
      reportOf([
        statusPart('Final-Recipient: rfc822; a\u009b2Jnn@acme.example', 'Action: failed'),
        statusPart('Final-Recipient: rfc822; ann\u202e@acme.example', 'Action: failed'),
      ]),
      'unreadable',
      'the delivery status names no recipient',
    ],
    [
      'an address over two lines, or with a space',
      reportOf([
        statusPart('Final-Recipient: rfc822; ann@acme.example', ' bob@acme.example', 'Action: failed'),
      ]),
      'unreadable',
      'the delivery status names no recipient',
    ],
    ['no mail at all', Buffer.from([0, 1, 2, 255]), 'unreadable', 'it is no mail: it begins with no header'],
    ['nothing', Buffer.alloc(0), 'unreadable', 'it is no mail: it begins with no header'],
    [
      'parts within parts',
      Buffer.from(
        Array.from(
          { length: 100 },
          (_, depth) => `Content-Type: multipart/report; boundary=b${depth}\n\n--b${depth}\n`,
        ).join(''),
      ),
      'unreadable',
      'its parts are nested too deep, or its headers are too long',
    ],
    [
      'ten thousand parts',
      Buffer.from(`Content-Type: multipart/report; boundary=b\n\n${'--b\n\n'.repeat(10_000)}`),
      'unreadable',
      'it has too many parts',
    ],
    [
      'a header of a megabyte',
      Buffer.from(`Subject: ${'x'.repeat(2_000_000)}`),
      'unreadable',
      'its parts are nested too deep, or its headers are too long',
    ],
  ]
  for (const [title, mail, kind, why] of cases)
    t.strictSame(await readReturnedMail(mail), { kind, why }, title)
})

t.test('hostile text costs little, and little of it is kept', async (t) => {
  const hostile = [
    statusPart(...failedAnn, `X: ${'\r\n '.repeat(300_000)}`),
    statusPart(...failedAnn, `Diagnostic-Code: ${' \u200b'.repeat(200_000)}`),
    statusPart(...failedAnn, `Status: ${'5.1.'.repeat(100_000)}`),
    statusPart(...Array.from({ length: 20_000 }, () => `${failedAnn.join('\r\n')}\r\n`)),
  ]
  const mails = [
    ...hostile.map((part) => reportOf([part, headersPart(messageId)])),
    // Tags that never close, beside a text: the library would make a text of them.
    reportOf([`Content-Type: text/html\r\n\r\n${'<a href="'.repeat(50_000)}`, plain('x')]),
    mailOf(`To: x ${'a:'.repeat(120_000)}`, '', 'x'),
  ]
  for (const mail of mails) {
    const before = process.cpuUsage()
    const read = await readReturnedMail(mail)
    const { user } = process.cpuUsage(before)
    t.ok(user < 3_000_000, `${user} us`)
    t.ok(read.kind !== 'report' || read.reports.length <= 100)
  }
  const secret = new Secret('canary-bounce-4711')
  secret.reveal()
  const long = reportOf([
    statusPart(...failedAnn, `Diagnostic-Code: smtp; 535 canary-bounce-4711 ${'no '.repeat(1000)}`),
    headersPart(`<${'x'.repeat(400)}@platform.example>`),
  ])
  const read = await readReturnedMail(long)
  t.match(read, { kind: 'report', reports: [{ messageId: '', diagnostic: /^535 \[secret\] no/ }] })
  t.equal(read.kind === 'report' && read.reports[0]?.diagnostic.length, 300)
})
