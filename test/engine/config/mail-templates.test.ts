import '../../fakes/clean-children.ts'
import { join } from 'node:path'
import t from 'tap'
import { formatProblemLine } from '../../../engine/config/problems.ts'
import { readMail } from '../../../engine/config/templates.ts'
import type { AlertFacts, AlertRecord } from '../../../engine/core/contracts/alerts.ts'
import type { MailData } from '../../../engine/core/mail-data.ts'
import { renderMail } from '../../../engine/reports/template.ts'
import { describeAlerts } from '../../../engine/runtime/alert-mails.ts'
import { editSmall, load, readFolder } from './golden.ts'

const manifests = load(await readFolder(join(import.meta.dirname, '../../..')))

const full: MailData = {
  job: { name: 'eod', title: 'Calls & <b>more</b>' },
  client: { name: 'acme', title: 'Acme', timezone: 'America/Chicago', locale: 'en' },
  callCenter: { name: 'dallas', title: 'Dallas, TX' },
  run: { id: '00ff', startedAt: '2026-11-22T18:30:05-06:00' },
  period: { label: '21 Nov 2026', start: '2026-11-21', end: '2026-11-21' },
  slot: '2026-11-22T18:30:00-06:00',
  files: [
    { fileName: 'a.csv', size: 2048, rows: 1234, digest: 'ab12cd34ef56' },
    { fileName: 'b.txt', size: 10, rows: null, digest: '00112233aabb' },
  ],
  reports: [],
  event: null,
  campaign: null,
  parameters: {},
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

const withReport: MailData = {
  ...full,
  client: { ...full.client, locale: 'de' },
  reports: [
    {
      title: 'Call <i>detail</i>',
      fileName: 'a.csv',
      previous: '20 Nov 2026',
      figures: [
        {
          label: 'Calls',
          value: '1,234',
          change: { arrow: '▲', word: 'up', amount: '12%', before: '1,100' },
        },
        { label: 'Talk', value: '34:17:36', change: null },
      ],
      chart: { title: 'By hour', src: 'cid:chart-1@jobsd', alt: 'By hour. Calls: 08:00 "12".' },
      columns: [
        { title: 'Service', align: 'left' },
        { title: 'Count', align: 'right' },
      ],
      rows: [
        [
          { text: 'Sales', align: 'left' },
          { text: '7', align: 'right' },
        ],
      ],
      totals: [
        { text: '', align: 'left' },
        { text: '99', align: 'right' },
      ],
      moreRows: '4,312',
      moreColumns: '18',
    },
  ],
}

for (const name of ['report-ready', 'campaign-result']) {
  t.test(
    `the mail ${name} shows figures, chart, rows and totals, the text as much as the HTML`,
    async (t) => {
      const { html, text } = await renderMail(readMail(manifests, 'acme', name), withReport)
      const words = [
        '1,234',
        'up 12%',
        'from 1,100',
        '34:17:36',
        'change not available',
        '20 Nov 2026',
        'Service',
      ]
      const more = [
        'Sales',
        'Total',
        '99',
        'And 4,312 more in the file, with 18 further columns',
        'ab12cd34ef56',
      ]
      for (const word of [...words, ...more, 'By hour. Calls: 08:00', '1.234']) {
        t.match(html, word)
        t.match(text, word)
      }
      t.match(html, '<img src="cid:chart-1@jobsd" alt="By hour. Calls: 08:00 &quot;12&quot;."')
      t.match(html, 'Call &lt;i&gt;detail')
      t.match(html, '▲ up 12%')
      t.match(html, 'content="light dark"')
      t.notMatch(text, /cid:|\n\n\n\n/)
    },
  )
}

t.test(
  'a client’s own wording of a part takes the place of that part of the standard mail alone',
  async (t) => {
    const path = 'jobs.d/acme/templates/mail/report-ready/text.hbs'
    const own = editSmall({
      [path]: '{{#each reports}}{{#each figures}}{{label}}={{value}};{{/each}}{{/each}}',
    })
    const standard = await readFolder(join(import.meta.dirname, '../../..'))
    const config = load(own, { standard })
    t.same(config.problems.map(formatProblemLine), [])
    const mail = await renderMail(readMail(config, 'acme', 'report-ready'), withReport)
    t.equal(mail.text, 'Calls=1,234;Talk=34:17:36;')
    t.match(readMail(config, 'acme', 'report-ready').html, readMail(config, 'borealis', 'report-ready').html)
    t.not(readMail(config, 'borealis', 'report-ready').text, readMail(config, 'acme', 'report-ready').text)
    const faulty = load(editSmall({ [path]: '{{#each report}}{{this}}{{/each}}' }), { standard })
    t.match(faulty.problems.map(formatProblemLine), [/there is no "report".*did you mean "reports"/])
  },
)

const failure: AlertFacts = {
  job: { id: 'acme/eod', title: 'EOD' },
  client: { name: 'acme', title: 'Acme', timezone: 'America/Chicago' },
  callCenter: null,
  run: { id: '00ff', slot: '2026-11-23T00:30:00.000Z', revision: 'r1' },
  step: { name: 'upload', type: 'ftp-out-copy', attempts: 3 },
  error: {
    code: 'ENDPOINT_UNREACHABLE',
    message: 'cannot reach acme-sftp: 10.1.2.3:22',
    hint: 'Is host 10.1.2.3 up?',
  },
  next: 'The run has failed.',
  streak: { failures: 1, since: '2026-11-23T00:30:09.000Z' },
}

function toRecord(about: AlertRecord['about'], to: string[] | null = null): AlertRecord {
  const recipients = { route: to ? 'client/acme' : 'operators', to }
  return {
    id: 'x',
    runId: '00ff',
    recipients,
    about,
    state: 'pending',
    createdAt: '2026-11-23T00:31:00.000Z',
  }
}

async function renderAlerts(...alerts: AlertRecord[]) {
  const { template, facts } = describeAlerts(alerts, 10)
  return renderMail(readMail(manifests, null, template), facts)
}

t.test('a first failure is told with its error and what to do, in local time', async (t) => {
  const mail = await renderAlerts(toRecord({ step: failure }))
  t.match(mail.subject, /ENDPOINT_UNREACHABLE\s*$/)
  for (const part of [mail.html, mail.text]) {
    for (const word of ['10.1.2.3:22', 'Is host', '22 Nov 2026 18:30 America/Chicago', 'jobsd runs 00ff'])
      t.match(part, word)
    t.match(part, 'every 10th, and when it works again')
    t.notMatch(part, /in a row since|null|undefined|\{\{/)
  }
})

t.test('the tenth failure in a row says so, and since when', async (t) => {
  const streak = { failures: 10, since: '2026-11-13T00:30:09.000Z' }
  const mail = await renderAlerts(toRecord({ step: { ...failure, streak } }))
  t.match(mail.subject, '(10 in a row)')
  for (const part of [mail.html, mail.text])
    t.match(part, 'Failure 10 in a row since 12 Nov 2026 18:30 America/Chicago.')
})

t.test('a copy names neither host nor hint, revision or command', async (t) => {
  const mail = await renderAlerts(toRecord({ step: failure }, ['boss@acme.example']))
  for (const part of Object.values(mail)) t.notMatch(part, /10\.1\.2\.3|Is host|r1|jobsd runs|acme-sftp/)
  for (const part of [mail.html, mail.text]) t.match(part, 'The other side could not be reached.')
  t.match(mail.text, 'ENDPOINT_UNREACHABLE')
})

t.test('a recovery says after how many failures, and since when it failed', async (t) => {
  const streak = { failures: 12, since: '2026-11-13T00:30:09.000Z' }
  const mail = await renderAlerts(toRecord({ recovery: { ...failure, streak, isStep: false } }))
  t.match(mail.subject, 'acme/eod works again')
  for (const part of [mail.html, mail.text]) {
    t.match(part, 'after 12 failures in a row a run has ended well')
    t.match(part, '12 Nov 2026 18:30 America/Chicago')
    t.notMatch(part, /null|undefined|\{\{/)
  }
  t.match(mail.html, '<code>jobsd rerun</code>')
})

t.test('a digest is one line an alert, without a host in the copy', async (t) => {
  const streak = { failures: 20, since: '2026-11-13T00:30:09.000Z' }
  const to = ['boss@acme.example']
  const mail = await renderAlerts(
    toRecord({ step: failure }, to),
    toRecord({ step: { ...failure, callCenter: 'dallas', streak } }, to),
    toRecord({ recovery: { ...failure, streak, isStep: true } }, to),
  )
  t.match(mail.subject, '2 failures and 1 other notice')
  t.match(mail.text, '- 00:31 acme/eod, dallas: upload failed, ENDPOINT_UNREACHABLE, 20 in a row (run 00ff)')
  t.match(mail.text, '- 00:31 acme/eod: step upload works again')
  for (const part of Object.values(mail)) t.notMatch(part, /10\.1\.2\.3|Is host/)
})

t.test('a digest of very many says how many more there are', async (t) => {
  const alerts = Array.from({ length: 1000 }, () => toRecord({ step: failure }))
  const mail = await renderAlerts(...alerts)
  t.match(mail.subject, '1,000 failures')
  t.equal(mail.text.match(/upload failed/g)?.length, 100)
  t.match(mail.text, '- and 900 more')
})
