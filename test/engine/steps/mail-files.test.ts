import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import type { RunFile, StepOf } from '../../../engine/core/model.ts'
import { createEmailStep } from '../../../engine/steps/email.ts'
import { createTestArtifacts } from '../../fakes/artifacts.ts'
import { createMemoryEndpoints, createMemoryMailer, createMemoryObjects } from '../../fakes/endpoints.ts'
import { readZip } from '../../fakes/read-zip.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'
import { createStepContext, offerFile } from '../../fakes/step-context.ts'

const run = '0123456789abcdef'
const mailTarget = 'mail:mail:ops@acme.example'
const key = `mail/eod-call-detail/${run}/mail/calls.csv`
const linkTarget = `s3:acme-s3:${key}`

const plain: StepOf<'email'> = createStep({
  name: 'mail',
  type: 'email',
  from: 'build',
  connection: 'mail',
  to: ['ops@acme.example'],
  template: 'report-ready',
})
const zipping: StepOf<'email'> = { ...plain, onTooLarge: 'zip' }
const linking: StepOf<'email'> = { ...plain, onTooLarge: 'link', linkConnection: 'acme-s3' }

const folder = t.testdir()
const artifacts = createTestArtifacts(folder)
/** More than the 4 KiB of the policy, though much less as a zip. */
const rows = 'one,two\n'.repeat(1000)
const large = await offerFile(artifacts, 'calls.csv', rows)
const dense = await offerFile(artifacts, 'calls.csv', randomBytes(5000).toString('base64'))
const small = await offerFile(artifacts, 'small.csv', 'one,two\n')

function setUp(files: RunFile[], given: Parameters<typeof createStepContext>[2] = {}, html = '<p>Hello') {
  const mailer = createMemoryMailer()
  const store = createMemoryObjects()
  const rendered: string[][] = []
  const step = createEmailStep(
    (template, data) => {
      rendered.push(data.files.map(({ fileName }) => fileName))
      return Promise.resolve({ subject: template.subject, html, text: 'Hello\n' })
    },
    () => Promise.resolve({ fault: 'no chart here' }),
  )
  const endpoints = createMemoryEndpoints({ mailers: { mail: mailer }, objects: { 'acme-s3': store } })
  const snapshot = { policy: { ...createSnapshot().policy, maxAttachmentSize: '4KiB' } }
  const context = createStepContext('mail', folder, { files, artifacts, endpoints, snapshot, ...given })
  return { mailer, store, rendered, step, context }
}

t.test('files that fit are attached, whatever is to be done with others', async (t) => {
  const ids = new Set<string | undefined>()
  for (const given of [plain, { ...plain, onTooLarge: 'fail' } as typeof plain, zipping, linking]) {
    const { mailer, store, step, context } = setUp([small])
    t.same(await step.run(given, context), { ok: true, note: 'mailed to 1 recipient' })
    t.match(mailer.mails, [{ html: '<p>Hello', text: 'Hello\n', contents: ['one,two\n'] }])
    t.same(store.calls, [])
    t.same([...context.deliveries.keys()], [mailTarget])
    ids.add(mailer.mails[0]?.messageId)
  }
  const { mailer, step, context } = setUp([large])
  await step.run(linking, context)
  t.equal(ids.add(mailer.mails[0]?.messageId).size, 1, 'the Message-ID does not tell what is attached')
})

t.test('without a word about it, a mail with files that are too large fails', async (t) => {
  for (const given of [plain, { ...plain, onTooLarge: 'fail' } as typeof plain]) {
    const { mailer, rendered, step, context } = setUp([large])
    await t.rejects(step.run(given, context), { code: 'MAIL_TOO_LARGE', details: { size: 10_668 } })
    t.same([mailer.mails, rendered, [...context.deliveries.keys()]], [[], [], []])
  }
})

t.test('zip attaches one zip of the files instead, where that fits', async (t) => {
  const { mailer, rendered, step, context } = setUp([large])
  t.same(await step.run(zipping, context), {
    ok: true,
    note: 'mailed to 1 recipient, as calls.csv.zip',
  })
  const [mail] = mailer.mails
  t.match(mail?.attachments, [{ fileName: 'calls.csv.zip', mediaType: 'application/zip' }])
  t.same([...readZip(await readFile(mail!.attachments[0]!.localPath))], [['calls.csv', rows]])
  t.same([mail?.html, rendered], ['<p>Hello', [['calls.csv']]], 'the body is the template’s, of the files')
  const sent = context.deliveries.get(mailTarget)
  t.match(sent, { state: 'confirmed', artifact: { fileName: 'calls.csv.zip' } })
  t.same(await step.run(zipping, context), {
    ok: true,
    note: 'mailed to 1 recipient, as calls.csv.zip',
  })
  t.equal(mailer.mails.length, 1, 'a repeat makes the same zip, and sends it to nobody')

  const several = setUp([large, { ...large, fileName: 'CALLS.csv' }])
  await several.step.run(zipping, several.context)
  const [attached] = several.mailer.mails[0]!.attachments
  t.equal(attached?.fileName, 'eod-call-detail-20261122-1830.zip')
  t.same([...readZip(await readFile(attached!.localPath)).keys()], ['calls.csv', 'CALLS-2.csv'])
})

t.test('a zip that is too large itself is not mailed', async (t) => {
  const { mailer, rendered, step, context } = setUp([dense])
  await t.rejects(step.run(zipping, context), {
    code: 'MAIL_TOO_LARGE',
    details: { fileName: 'calls.csv.zip in base64' },
  })
  t.same([mailer.mails, rendered, [...context.deliveries.keys()]], [[], [], []])
})

t.test('link puts the files into the bucket and says in the mail where they are', async (t) => {
  const { mailer, store, rendered, step, context } = setUp([large, small])
  t.same(await step.run({ ...linking, linkFor: '36h' }, context), {
    ok: true,
    note: 'mailed to 1 recipient, with links to 2 files at acme-s3',
  })
  const other = key.replace('calls', 'small')
  t.same([...store.objects.keys()].sort(), [key, other])
  t.equal(store.objects.get(key)?.bytes.toString(), rows)
  const [mail] = mailer.mails
  t.same(mail?.attachments, [])
  t.same(rendered, [['calls.csv', 'small.csv']])
  // The clock says 18:31 in Chicago, on 22 November.
  const until = 'until 2026-11-24 06:31 (America/Chicago)'
  const link = (of: string) => `https://store.example/${of}?a=1&seconds=129600`
  t.equal(
    mail?.text,
    [
      'Hello',
      '',
      `calls.csv (7.8 KiB) is too large to attach: download it ${until}:\n${link(key)}`,
      '',
      `small.csv (8 bytes) is too large to attach: download it ${until}:\n${link(other)}`,
      '',
    ].join('\n'),
  )
  t.match(
    mail?.html,
    `<p style="margin:0 auto;max-width:560px;padding:0 12px 24px">calls.csv (7.8 KiB) is too large to attach: <a href="${link(key).replace('&', '&#38;')}">download it</a> ${until}.</p>`,
  )
  const confirmed = [...context.deliveries.values()].map(({ state, target, artifact }) => [
    target,
    state,
    artifact?.fileName,
  ])
  t.same(confirmed, [
    [linkTarget, 'confirmed', 'calls.csv'],
    [linkTarget.replace('calls', 'small'), 'confirmed', 'small.csv'],
    [mailTarget, 'confirmed', undefined],
  ])
  const kept = JSON.stringify([...context.deliveries.values()])
  t.notMatch(kept, 'store.example', 'the ledger has no link: whoever has one has the file')
})

t.test('without a word about it a link is good for a week', async (t) => {
  const { mailer, step, context } = setUp([large])
  await step.run(linking, context)
  t.match(mailer.mails[0]?.text, 'seconds=604800')
  t.match(mailer.mails[0]?.text, 'until 2026-11-29 18:31 (America/Chicago)')
})

t.test('what a file is called is no markup of a mail, and no place in a bucket', async (t) => {
  const fileName = '../<img src=x onerror=alert(1)>"&\r\nBcc: x@evil.example.csv'
  const hostile = { ...large, fileName }
  const { mailer, store, step, context } = setUp(
    [hostile, { ...hostile }],
    {},
    '<body><p>Hello</BODY ></html>',
  )
  await step.run(linking, context)
  for (const place of store.objects.keys())
    t.match(place, /^mail\/eod-call-detail\/0123456789abcdef\/mail\/[^/]+$/)
  t.equal(store.objects.size, 2, 'two files of one name are two objects')
  const { html = '', text = '' } = mailer.mails[0] ?? {}
  t.notMatch(html, '<img')
  t.match(html, 'alert(1)--&#38;Bcc- x@evil')
  t.notMatch(text, /^Bcc/m)
  t.match(html, /<\/p>\n<\/BODY ><\/html>$/, 'it stands within the body')
  t.equal(html.match(/<p[ >]/g)?.length, 3)
})

t.test('a run that was ended between the upload and the mail uploads nothing twice', async (t) => {
  const { mailer, store, step, context } = setUp([large, small])
  const { send } = mailer
  mailer.send = async () => {
    throw new Error('killed')
  }
  await t.rejects(step.run(linking, context), { message: 'killed' })
  const puts = () => store.calls.filter((call) => call.startsWith('put'))
  t.equal(puts().length, 2)
  // And of one of them the engine did not come to note that it was there.
  const sent = context.deliveries.get(linkTarget)!
  context.deliveries.set(linkTarget, { ...sent, state: 'sending', note: '' })
  mailer.send = send
  t.match(await step.run(linking, context), { ok: true })
  t.equal(puts().length, 2)
  t.match(context.deliveries.get(linkTarget), { state: 'confirmed', note: /found at the target/ })
  t.equal(mailer.mails.length, 1)
  await step.run(linking, context)
  t.same([puts().length, mailer.mails.length], [2, 1])
})

t.test('a mail whose files cannot be put is not sent', async (t) => {
  const { mailer, store, step, context } = setUp([large])
  store.before = (call) => {
    if (call.startsWith('put')) throw new Error('no room')
  }
  await t.rejects(step.run(linking, context), { message: 'no room' })
  t.same([mailer.mails, context.deliveries.has(mailTarget)], [[], false])
})

t.test('a dry run puts nothing, signs nothing and sends nothing', async (t) => {
  const { mailer, store, step, context } = setUp([large], { run: { dryRun: true } })
  t.match(await step.run(linking, context), { ok: true, note: /^would be mailed to 1 recipient/ })
  t.same([mailer.mails, store.calls], [[], []])
})

t.test('what is sent once more is the mail with its files there, or one file without a mail', async (t) => {
  const resend = (targets: string[] | null) => {
    const stage = setUp([large, small])
    const again = { runId: 'f'.repeat(16), startedAt: '2026-11-25T00:00:00.000Z', targets }
    return { ...stage, context: Object.assign(stage.context, { resend: again }) }
  }
  for (const targets of [null, [mailTarget], [mailTarget, linkTarget]]) {
    const { mailer, store, step, context } = resend(targets)
    await step.run(linking, context)
    t.same([mailer.mails.length, store.objects.size], [1, 2], JSON.stringify(targets))
  }
  const { mailer, store, step, context } = resend([linkTarget])
  t.same(await step.run(linking, context), { ok: true, note: 'put again at acme-s3, without a mail' })
  t.same([mailer.mails.length, [...store.objects.keys()]], [0, [key]])
})
