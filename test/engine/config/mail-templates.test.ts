import '../../fakes/clean-children.ts'
import { join } from 'node:path'
import t from 'tap'
import { readMail } from '../../../engine/config/templates.ts'
import type { MailData } from '../../../engine/core/mail-data.ts'
import { renderMail } from '../../../engine/reports/template.ts'
import { load, readFolder } from './golden.ts'

const manifests = load(await readFolder(join(import.meta.dirname, '../../..')))

const full: MailData = {
  job: { name: 'eod', title: 'Calls & <b>more</b>' },
  client: { name: 'acme', title: 'Acme' },
  callCenter: { name: 'dallas', title: 'Dallas, TX' },
  run: { id: '00ff', startedAt: '2026-11-22T18:30:05-06:00' },
  period: { label: '21 Nov 2026', start: '2026-11-21', end: '2026-11-21' },
  slot: '2026-11-22T18:30:00-06:00',
  files: [
    { fileName: 'a.csv', size: 2048, rows: 1234 },
    { fileName: 'b.txt', size: 10, rows: null },
  ],
  event: null,
  steps: {},
}
const bare: MailData = { ...full, callCenter: null, period: null, files: [] }

for (const name of ['report-ready', 'campaign-result', 'file-received']) {
  t.test(`the mail ${name} renders with everything and with nothing optional`, async (t) => {
    const template = readMail(manifests, 'acme', name)
    const mail = await renderMail(template, full)
    for (const part of [mail.html, mail.text]) {
      for (const word of ['Acme', 'Dallas, TX', '21 Nov 2026', 'a.csv', '1,234', 'b.txt', '00ff'])
        t.match(part, word)
    }
    t.match(mail.html, 'Calls &amp; &lt;b&gt;more')
    t.match(mail.text, 'Calls & <b>more</b>')
    const plain = await renderMail(template, bare)
    for (const part of Object.values(plain)) {
      t.match(part, /\S/)
      t.notMatch(part, /null|undefined|\{\{|Dallas|NaN/)
    }
  })
}

t.test('the alert renders from what the ledger holds of a failure', async (t) => {
  const error = { code: 'AUTH_REFUSED', message: 'acme-sftp refused the credentials' }
  const facts = {
    job: { id: 'acme/eod', title: 'EOD' },
    client: { name: 'acme', title: 'Acme' },
    callCenter: null,
    run: { id: '00ff', slot: '2026-11-22T18:30:00.000Z', revision: 'r1' },
    step: { name: 'upload', type: 'ftp-out-copy', attempts: 3 },
    error: { ...error, hint: 'Look at the secret.' },
    next: 'The run has failed.',
  }
  const mail = await renderMail(readMail(manifests, null, 'alert'), facts)
  t.match(mail.subject, 'AUTH_REFUSED')
  for (const part of [mail.html, mail.text]) t.match(part, 'acme-sftp refused the credentials')
})
