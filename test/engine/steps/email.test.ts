import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { MailData } from '../../../engine/core/mail-data.ts'
import type { MailTemplate, RunFile, StepOf } from '../../../engine/core/model.ts'
import type { Chart } from '../../../engine/core/report-overview.ts'
import { createEmailStep } from '../../../engine/steps/email.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createMemoryEndpoints, createMemoryMailer } from '../../fakes/endpoints.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'
import { createStepContext, offerFile } from '../../fakes/step-context.ts'

const mail: StepOf<'email'> = createStep({
  name: 'mail',
  type: 'email',
  from: 'build',
  connection: 'mail',
  to: ['ops@acme.example', 'lead@acme.example'],
  bcc: ['audit@acme.example', 'ops@acme.example'],
  template: 'report-ready',
})
const target = 'mail:mail:audit@acme.example,lead@acme.example,ops@acme.example'
const period = {
  start: '2026-11-21T06:00:00.000Z',
  end: '2026-11-22T06:00:00.000Z',
  timezone: 'America/Chicago',
}

t.test('email', async (t) => {
  const folder = t.testdir()
  const artifacts = createTestArtifacts(folder)
  const calls = await offerFile(artifacts, 'calls.csv', 'one,two\n', { period, rows: 1 })

  const setUp = (files: RunFile[] = [calls], given: Parameters<typeof createStepContext>[2] = {}) => {
    const mailer = createMemoryMailer()
    const rendered: { template: MailTemplate; data: MailData }[] = []
    const drawn: Chart[] = []
    const step = createEmailStep(
      (template, data) => {
        rendered.push({ template, data })
        const named = template.subject === 'no picture' ? [] : data.reports
        const shown = named.map(({ chart: image }) => `<img src="${image?.src}">`)
        return Promise.resolve({ subject: `S:${template.subject}`, html: `<p>${shown.join('')}`, text: 'T' })
      },
      (chart) => {
        drawn.push(chart)
        const fault = chart.title === 'too much' ? 'it did not end' : undefined
        return Promise.resolve(fault ? { fault } : { png: Buffer.from(`PNG of ${chart.title}`) })
      },
    )
    const endpoints = createMemoryEndpoints({ mailers: { mail: mailer } })
    const context = createStepContext('mail', folder, { files, artifacts, endpoints, ...given })
    return { mailer, rendered, drawn, step, context, delivery: () => context.deliveries.get(target) }
  }

  t.test(
    'a parameter of the run brings recipients, held to the policy before anything is built',
    async (t) => {
      const byRow = { ...mail, to: ['{param.recipients}'], bcc: ['audit@acme.example', '{param.lead}'] }
      const given = (recipients: string) => ({
        run: { parameters: { recipients, lead: 'lead@acme.example' } },
      })
      const first = setUp([calls], given('a@acme.example; b@acme.example'))
      t.match(await first.step.run(byRow, first.context), { ok: true, note: 'mailed to 4 recipients' })
      t.match(first.mailer.mails, [
        {
          to: ['a@acme.example', 'b@acme.example'],
          cc: [],
          bcc: ['audit@acme.example', 'lead@acme.example'],
        },
      ])
      t.same(
        [...first.context.deliveries.keys()],
        ['mail:mail:a@acme.example,audit@acme.example,b@acme.example,lead@acme.example'],
      )
      const other = setUp([calls], given('c@acme.example'))
      await other.step.run(byRow, other.context)
      t.not(first.mailer.mails[0]?.messageId, other.mailer.mails[0]?.messageId, 'another set is another mail')
      for (const bad of ['a@evil.example', 'a@acme.example\r\nBcc: x@evil.example', '']) {
        const { step, context, mailer, rendered } = setUp([calls], given(bad))
        await t.rejects(step.run(byRow, context), { code: 'RECIPIENT_NOT_ALLOWED' }, JSON.stringify(bad))
        t.same([mailer.mails, rendered, [...context.deliveries.keys()]], [[], [], []])
      }
    },
  )

  const chart = (title: string): Chart => ({
    ...{ title, kind: 'bar', labels: ['08:00'], locale: 'en', alt: `${title}. Calls: 08:00 1.` },
    series: [{ title: 'Calls', isPercent: false, values: [1] }],
  })
  const withChart = (title: string): RunFile => ({
    ...calls,
    overview: {
      ...{ title: 'Call detail', figures: [], previous: null, columns: [], rows: [], totals: null },
      ...{ moreRows: 4312, moreColumns: 0, chart: chart(title), locale: 'de' },
    },
  })

  t.test(
    'a chart goes with the mail as the image that the body names, the same at each attempt',
    async (t) => {
      const { mailer, rendered, drawn, step, context } = setUp([withChart('Calls by hour')])
      await step.run(mail, context)
      const report = rendered[0]?.data.reports[0]
      t.match(report, {
        fileName: 'calls.csv',
        moreRows: '4.312',
        moreColumns: '',
        chart: { alt: 'Calls by hour. Calls: 08:00 1.' },
      })
      const again = setUp([withChart('Calls by hour')])
      await again.step.run(mail, again.context)
      const [image] = mailer.mails[0]?.images ?? []
      t.match(image, { fileName: 'chart.png', mediaType: 'image/png' })
      t.equal(`cid:${image?.id}`, report?.chart?.src)
      t.equal(Buffer.from(image!.content).toString(), 'PNG of Calls by hour')
      t.same(again.mailer.mails[0]?.images, mailer.mails[0]?.images)
      t.equal(again.mailer.mails[0]?.html, mailer.mails[0]?.html)
      t.equal(drawn.length, 1)
    },
  )

  t.test(
    'a chart that cannot be drawn, or that no template names, keeps no mail from going out',
    async (t) => {
      const failing = setUp([withChart('too much')])
      t.match(await failing.step.run(mail, failing.context), { ok: true })
      t.same(failing.mailer.mails[0]?.images, [])
      const unnamed = setUp([withChart('Calls by hour')])
      await unnamed.step.run({ ...mail, subject: 'no picture' }, unnamed.context)
      t.same([unnamed.drawn, unnamed.mailer.mails[0]?.images], [[], []])
    },
  )

  t.test('sends one mail to all recipients with the files attached, one delivery', async (t) => {
    const { mailer, step, context, delivery } = setUp()
    t.same(await step.run(mail, context), { ok: true, note: 'mailed to 3 recipients' })
    t.equal(mailer.mails.length, 1)
    t.match(mailer.mails[0], {
      to: mail.to,
      cc: [],
      bcc: mail.bcc,
      replyTo: null,
      subject: 'S:Ready',
      attachments: [{ fileName: 'calls.csv', mediaType: 'text/csv' }],
      contents: ['one,two\n'],
    })
    t.equal(mailer.mails[0]?.date.toISOString(), context.run.startedAt, 'the same at each attempt')
    t.match(delivery(), { state: 'confirmed', note: 'accepted: 250 OK', artifact: { fileName: 'calls.csv' } })
  })

  t.test('gives the template plain data about the run, local to the client', async (t) => {
    const event = { campaign: { id: 7 } }
    const { rendered, step, context } = setUp([calls], { run: { event } })
    await step.run({ ...mail, subject: 'Calls of {{period.label}}' }, context)
    t.equal(
      rendered[0]?.template.subject,
      'Calls of {{period.label}}',
      'the step’s own subject is rendered too',
    )
    t.same(rendered[0]?.data, {
      job: { name: 'eod-call-detail', title: 'End-of-day call detail' },
      client: { name: 'acme', title: 'Acme Collections', timezone: 'America/Chicago', locale: 'en' },
      callCenter: { name: 'dallas', title: 'Dallas' },
      run: { id: '0123456789abcdef', startedAt: '2026-11-22T18:30:01-06:00' },
      period: { label: '21 Nov 2026', start: '2026-11-21', end: '2026-11-21' },
      slot: '2026-11-22T18:30:00-06:00',
      files: [{ fileName: 'calls.csv', size: 8, rows: 1, digest: calls.sha256.slice(0, 12) }],
      reports: [],
      event,
      campaign: { id: '7', name: '7' },
      parameters: {},
      steps: {},
    })
  })

  t.test('a mail without files still tells the period of the run’s report', async (t) => {
    const { mailer, rendered, step, context, delivery } = setUp([calls], { run: { callCenter: null } })
    const { from: _from, ...bare } = mail
    await step.run(bare, context)
    t.match(rendered[0]?.data, { callCenter: null, files: [], period: { label: '21 Nov 2026' } })
    t.same(mailer.mails[0]?.attachments, [])
    t.equal(delivery()?.artifact, null)
  })

  t.test('the Message-ID is fixed by run, step and recipients, whatever their order', async (t) => {
    const idOf = async (changes: Partial<typeof mail>, run = {}): Promise<string | undefined> => {
      const { mailer, step, context } = setUp([calls], { run })
      await step.run({ ...mail, ...changes }, context)
      return mailer.mails[0]?.messageId
    }
    const id = await idOf({})
    t.match(id, /^<[0-9a-f]{32}@jobsd\.example>$/)
    t.equal(await idOf({ to: [...mail.to].reverse() }), id)
    t.not(await idOf({ name: 'again' }), id)
    t.not(await idOf({ to: ['ops@acme.example'] }), id)
    t.not(await idOf({}, { id: 'fedcba9876543210' }), id)
  })

  t.test('a mail names its job as a list, and its urgency where the step gives one', async (t) => {
    const { mailer, step, context } = setUp()
    await step.run(mail, context)
    const { manifest } = context.snapshot
    t.same(mailer.mails[0]?.headers, { 'List-Id': `<${manifest.name}.${manifest.client}.jobsd.example>` })
    t.equal(mailer.mails[0]?.priority, undefined)
    const urgent = setUp()
    await urgent.step.run({ ...mail, priority: 'high' }, urgent.context)
    t.equal(urgent.mailer.mails[0]?.priority, 'high')
  })

  t.test('a mail that may have been sent is not sent again unless the step says so', async (t) => {
    const { mailer, step, context, delivery } = setUp()
    mailer.answer = () => {
      throw new JobsdError('MAIL_IN_DOUBT', { connection: 'mail' })
    }
    await t.rejects(step.run(mail, context), { code: 'MAIL_IN_DOUBT' })
    t.equal(delivery()?.state, 'in-doubt')
    await t.rejects(step.run(mail, context), { code: 'MAIL_IN_DOUBT' })
    t.equal(mailer.mails.length, 1)
    mailer.answer = () => ({ accepted: [], rejected: [], response: '250 OK' })
    await step.run({ ...mail, onDoubt: 'resend' }, context)
    t.equal(mailer.mails.length, 2)
    t.equal(mailer.mails[1]?.messageId, mailer.mails[0]?.messageId)
  })

  t.test('the doubt begins when the mailer transmits, not before', async (t) => {
    const { mailer, step, context, delivery } = setUp()
    const states: (string | undefined)[] = []
    const { send } = mailer
    mailer.send = async (message, transmitting, signal) => {
      states.push(delivery()?.state)
      return await send(message, transmitting, signal)
    }
    mailer.answer = () => {
      states.push(delivery()?.state)
      return { accepted: [], rejected: [], response: '250 OK' }
    }
    await step.run(mail, context)
    t.same(states, ['intended', 'sending'])
  })

  t.test(
    'a recipient who was refused makes the step not ok, also when it is repeated after a crash',
    async (t) => {
      const { mailer, step, context, delivery } = setUp()
      mailer.answer = () => ({
        accepted: ['ops@acme.example'],
        rejected: [{ address: 'lead@acme.example', response: '550 no such user' }],
        response: '250 OK',
      })
      const first = await step.run(mail, context)
      t.equal(first.ok, false)
      t.match(first.note, /refused for lead@acme\.example \(550 no such user\)/)
      t.equal(delivery()?.state, 'confirmed')
      t.same(await step.run(mail, context), first)
      t.equal(mailer.mails.length, 1, 'the others do not get it twice')
    },
  )

  t.test('attachments may be as large as the policy allows, counted as base64 and together', async (t) => {
    const large = (size: number): RunFile => ({ ...calls, size })
    const policy = { ...createSnapshot().policy, maxAttachmentSize: '4KiB' }
    const sizes = async (files: RunFile[], given = {}): Promise<string | undefined> => {
      const { step, context, rendered } = setUp(files, given)
      const error: JobsdError = await step.run(mail, context).catch((thrown) => thrown)
      t.equal(rendered.length, error.code === 'MAIL_TOO_LARGE' ? 0 : 1)
      return error.code
    }
    const snapshot = { policy }
    // The artifact has 8 bytes, so a size that is let through ends as damaged when it is opened.
    t.equal(await sizes([large(3072)], { snapshot }), 'ARTIFACT_DAMAGED')
    t.equal(await sizes([large(3073)], { snapshot }), 'MAIL_TOO_LARGE')
    t.equal(await sizes([large(1536), large(1537)], { snapshot }), 'MAIL_TOO_LARGE')
    t.equal(await sizes([large((10 * 1024 * 1024 * 3) / 4)]), 'ARTIFACT_DAMAGED', 'the default is 10MiB')
    t.equal(await sizes([large((10 * 1024 * 1024 * 3) / 4 + 1)]), 'MAIL_TOO_LARGE')
  })

  t.test('a damaged file is not mailed', async (t) => {
    const pay = await offerFile(artifacts, 'pay.csv', 'pay 100')
    writeFileSync(join(folder, pay.sha256), 'pay 900')
    const { mailer, step, context, delivery } = setUp([calls, pay])
    await t.rejects(step.run(mail, context), { code: 'ARTIFACT_DAMAGED' })
    t.same(mailer.mails, [])
    t.equal(delivery()?.state, 'failed')
  })

  t.test('a dry run renders and sends nothing', async (t) => {
    const { mailer, rendered, step, context } = setUp([calls], { run: { dryRun: true } })
    t.same(await step.run(mail, context), { ok: true, note: 'would be mailed to 3 recipients' })
    t.equal(rendered.length, 1)
    t.same(mailer.mails, [])
  })
})
