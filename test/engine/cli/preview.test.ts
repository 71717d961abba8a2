import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import t, { type Test } from 'tap'
import { startSmtpServer } from '../../../scripts/demo/smtp-server.ts'
import { type Answer, runJobsd } from '../../e2e/stage.ts'
import { copySmall, testFile } from '../../fakes/small-repository.ts'

const eod = 'jobs.d/acme/eod.yaml'
const query = 'templates/reports/call/call-detail/query.sql'
const slot = ['--slot', '2026-11-20T18:30']
const goodQuery = { [query]: 'SELECT call_id, talk_s AS seconds FROM calls ORDER BY call_id' }

/** A small repository and `jobsd preview` of its job on it, its environment nothing but a place for temporary files. */
function createPreview(t: Test, edits: Parameters<typeof copySmall>[1] = {}) {
  const config = copySmall(t, edits)
  const temporary = join(config, '..')
  const out = join(temporary, 'out')
  return {
    config,
    out,
    read: (path: string) => readFileSync(join(out, path), 'utf8'),
    list: () =>
      readdirSync(out, { recursive: true, encoding: 'utf8' })
        .filter((path) => /\.\w+$/.test(path))
        .sort(),
    async run(...args: string[]): Promise<Answer> {
      const answer = await runJobsd(['preview', 'acme/eod', config, '--out', out, ...args], {
        TMPDIR: temporary,
      })
      t.same(
        readdirSync(temporary).filter((name) => name.startsWith('jobsd-')),
        [],
        'no temporary file is left',
      )
      return answer
    },
  }
}

t.test('every delivery of every call center lies where it would go', async (t) => {
  const preview = createPreview(t)
  const { code, stdout, stderr } = await preview.run(...slot)
  t.equal(stderr, '')
  t.equal(code, 0)
  t.same(preview.list(), [
    'index.html',
    'mail/2-mail.eml',
    'mail/2-mail.html',
    'mail/2-mail.txt',
    'mail/4-mail.eml',
    'mail/4-mail.html',
    'mail/4-mail.txt',
    'sftp/sftp/outbound/acme_dallas_20261120.csv',
    'sftp/sftp/outbound/acme_tampa_20261120.csv',
  ])
  t.match(stdout, 'acme/eod, due 2026-11-20 18:30 America/Chicago\ndata: made up: 5 rows')
  t.match(
    stdout,
    'tampa: succeeded by build > upload > mail\n  sftp   sftp  /outbound/acme_tampa_20261120.csv  5 rows',
  )
  t.match(stdout, 'to ops@acme.example: End of day\n           acme_tampa_20261120.csv (5 rows')
  t.match(stdout, `nothing was sent; open ${preview.out}/index.html`)
})

t.test('the e-mail file is the mail as it would be sent, attachments and all', async (t) => {
  const preview = createPreview(t)
  await preview.run('--call-center', 'dallas', ...slot)
  const mail = await simpleParser(preview.read('mail/2-mail.eml'))
  t.match(mail, { subject: 'End of day', to: { text: 'ops@acme.example' }, html: '<p>End of day: Acme</p>' })
  t.equal(mail.text?.trim(), 'End of day: Acme')
  t.equal(
    mail.attachments[0]?.content.toString(),
    preview.read('sftp/sftp/outbound/acme_dallas_20261120.csv'),
    'the file that is mailed is the one that is copied',
  )
})

t.test('the chart of a mail stands in the page itself, and in the e-mail file as its image', async (t) => {
  const folder = 'templates/reports/call/call-detail'
  const definition = `apiVersion: jobsd/v1
kind: Report
name: call-detail
title: Call detail
category: call
mail:
  summary: [{ label: Calls }]
  chart:
    title: Calls by result
    kind: bar
    columns:
      - { name: result, title: Result, type: text }
      - { name: calls, title: Calls, type: integer }
columns:
  - { name: call_id, title: Call ID, type: text }
  - { name: seconds, title: Seconds, type: integer }
`
  const template = '{{#each reports}}{{#with chart}}<img src="{{src}}" alt="{{alt}}">{{/with}}{{/each}}'
  const preview = createPreview(t, {
    ...goodQuery,
    [`${folder}/report.yaml`]: definition,
    [`${folder}/chart.sql`]: 'SELECT call_id AS result, count(*) AS calls FROM result GROUP BY call_id',
    'jobs.d/acme/templates/mail/note/html.hbs': template,
  })
  const { code, stderr } = await preview.run(...slot)
  t.same([code, stderr], [0, ''])
  const page = preview.read('mail/2-mail.html')
  t.match(page, /<img src="data:image\/png;base64,iVBOR[\w+/=]+" alt="Calls by result\. Calls: Result 1 1, /)
  t.match(page, 'img-src data:')
  const mail = await simpleParser(preview.read('mail/2-mail.eml'))
  const image = mail.attachments.find(({ contentType }) => contentType === 'image/png')
  t.equal(image?.related, true)
  t.ok(page.includes(image!.content.toString('base64')), 'the same picture')
})

t.test('JSON names each delivery and its files', async (t) => {
  const preview = createPreview(t)
  const { stdout } = await preview.run('--json', '--call-center', 'tampa', ...slot)
  t.match(JSON.parse(stdout), {
    job: 'acme/eod',
    slot: '2026-11-21T00:30:00.000Z',
    out: preview.out,
    sentTo: null,
    runs: [
      {
        callCenter: 'tampa',
        outcome: 'succeeded',
        path: ['build', 'upload', 'mail'],
        alert: false,
        deliveries: [
          { step: 'upload', place: '/outbound/acme_tampa_20261120.csv', file: /^sftp\/sftp\/outbound\// },
          { step: 'mail', to: ['ops@acme.example'], eml: 'mail/2-mail.eml', html: 'mail/2-mail.html' },
        ],
      },
    ],
  })
})

t.test(
  'what is told, deleted and would be encrypted is said in words, on the page and in JSON',
  async (t) => {
    const golden = (path: string) =>
      readFileSync(
        new URL(`../../manifests/ok/files-in-full/jobs.d/platform/${path}`, import.meta.url),
        'utf8',
      )
    const steps = `alerts: { to: [lead@acme.example] }
trigger: { type: ftp-in, folders: [{ connection: sftp, path: /in }] }
steps:
  - { name: seal, type: encrypt, from: trigger, recipients: [acme-key] }
  - { name: zip, type: compress, from: trigger, format: zip, key: acme-zip, fileName: all.zip }
  - { name: upload, type: ftp-out-copy, from: [seal, trigger], connection: sftp, path: /outbound }
  - { name: mail, type: email, from: zip, connection: mail, to: [ops@acme.example], template: note }
  - { name: tell, type: notify, to: job, level: warning, message: "<b>{job}</b> was loaded." }
  - { name: tidy, type: delete-file, from: trigger }
`
    const preview = createPreview(t, {
      [eod]: (text) => text.replace('call-center', 'client').replace(/trigger:[\s\S]*/, steps),
      ...Object.fromEntries(
        [
          'clients/acme.yaml',
          'connections/acme-key.yaml',
          'connections/acme-zip.yaml',
          'connections/platform-key.yaml',
        ].map((path) => [`jobs.d/platform/${path}`, golden(path)]),
      ),
    })
    const { code, stdout, stderr } = await preview.run(...slot)
    t.same([code, stderr], [0, ''])
    const sealed = 'sent encrypted for acme-key (OpenPGP); readable here, and of another size'
    const zipped = 'sent encrypted with the passphrase acme-zip (AES-256); here it is "rehearsal"'
    const lines = stdout.split('\n')
    t.same(
      lines.filter((line) => line.includes('sample.csv')),
      [
        `  sftp   sftp  /outbound/sample.csv.pgp  7 bytes; ${sealed}`,
        '  sftp   sftp  /outbound/sample.csv  7 bytes',
        '  delete sftp  /in/sample.csv',
      ],
    )
    t.match(stdout, new RegExp(`all\\.zip \\(\\d+ bytes; ${zipped.replace(/[()]/g, '\\$&')}\\)`))
    const notice =
      "to the operators and the client's and job's alert addresses (lead@acme.example), as a warning"
    t.ok(lines.includes(`  notice ${notice}: <b>eod</b> was loaded.`), stdout)
    const page = preview.read('index.html')
    t.match(page, 'readable here, and of another size')
    t.match(page, 'Deleted for good on sftp: /in/sample.csv')
    t.match(page, '(lead@acme.example), as a warning: &#60;b&#62;eod&#60;/b&#62; was loaded.')
    t.match(JSON.parse((await preview.run('--json', ...slot)).stdout).runs, [
      {
        moves: [],
        deletions: [{ step: 'tidy', connection: 'sftp', path: '/in/sample.csv' }],
        notices: [{ step: 'tell', to: 'job', recipients: ['lead@acme.example'], level: 'warning' }],
        deliveries: [{ seal: sealed }, {}, { attachments: [{ seal: zipped }] }],
      },
    ])
  },
)

t.test('a test with a fixture gives the data and the slot; a folder of tables goes before it', async (t) => {
  const tests = `  - name: one call
    given: { slot: "2026-11-18T18:30", callCenter: dallas, dataset: fixtures }
    expect: { outcome: succeeded }
`
  const preview = createPreview(t, {
    ...goodQuery,
    'jobs.d/acme/eod.test.yaml': testFile(tests),
    'jobs.d/acme/fixtures/calls.csv': 'call_id,call_center,talk_s\nfrom-fixture,dallas,7\n',
  })
  const { stdout } = await preview.run('--call-center', 'dallas')
  t.match(stdout, 'due 2026-11-18 18:30 America/Chicago\ndata: the fixture fixtures of the test "one call"')
  t.match(preview.read('sftp/sftp/outbound/acme_dallas_20261118.csv'), /^Call ID,Seconds\nfrom-fixture,7\n$/)

  const folder = join(preview.config, '../tables')
  mkdirSync(folder)
  writeFileSync(join(folder, 'calls.csv'), 'call_id,call_center,talk_s\nfrom-folder,dallas,8\n')
  await preview.run('--call-center', 'dallas', '--data-set', folder, ...slot)
  t.match(preview.read('sftp/sftp/outbound/acme_dallas_20261120.csv'), /from-folder,8/)
  t.notOk(
    existsSync(join(preview.out, 'sftp/sftp/outbound/acme_dallas_20261118.csv')),
    'what an earlier preview left is gone',
  )
  t.match(await preview.run('--data-set', join(folder, 'none')), {
    code: 2,
    stderr: /there is no such folder/,
  })
})

t.test("the client's own rows are used where they can be reached", async (t) => {
  const folder = join(t.testdirName, 'warehouse')
  const preview = createPreview(t, {
    [query]: 'SELECT call_id, talk_s AS seconds FROM calls',
    'jobs.d/platform/connections/warehouse.yaml': (text) => text.replace('/srv/warehouse', folder),
  })
  const missing = await preview.run('--call-center', 'dallas', ...slot)
  t.match(missing.stdout, 'data: made up', 'a folder that is not there is none')
  mkdirSync(folder)
  const { code, stdout } = await preview.run('--call-center', 'dallas', ...slot)
  t.match(stdout, "data: the client's own rows in warehouse")
  t.equal(code, 1, 'what its data lacks is told as it would be')
  t.match(stdout, 'failed by build: DATASET_MISSING: the dataset of warehouse lacks calls')
})

t.test('data without a row of the client is told, and made-up rows are shown instead', async (t) => {
  const folder = join(t.testdirName, 'warehouse')
  const preview = createPreview(t, {
    [query]: 'SELECT call_id, talk_s AS seconds FROM calls',
    'jobs.d/platform/connections/warehouse.yaml': (text) =>
      text.replace('/srv/warehouse', folder).replace('format: csv', 'format: json'),
  })
  mkdirSync(folder)
  const fill = (client: string, call_center: string) =>
    writeFileSync(
      join(folder, 'calls.json'),
      JSON.stringify([{ call_id: 'c1', client, call_center, talk_s: 7 }]),
    )
  fill('Acme', 'dallas')
  const other = await preview.run('--call-center', 'dallas', ...slot)
  t.equal(other.code, 0)
  t.match(
    other.stdout,
    'data: warehouse has no rows of client "acme" (it may be named otherwise there: dataset.client in its policy); 5 made-up rows are shown instead',
  )
  t.match(other.stdout, 'acme_dallas_20261120.csv  5 rows')
  fill('acme', 'Dallas')
  const { stdout } = await preview.run(...slot)
  t.match(stdout, 'data: warehouse has no rows of call center "dallas" or "tampa" of client "acme" (')
  t.match(stdout, 'acme_tampa_20261120.csv  5 rows')
  fill('acme', 'dallas')
  const own = await preview.run('--call-center', 'dallas', ...slot)
  t.match(own.stdout, "data: the client's own rows in warehouse\n")
  t.match(preview.read('sftp/sftp/outbound/acme_dallas_20261120.csv'), 'c1,7')

  fill('nova', 'dallas')
  const named = await preview.run('--data-set', folder, '--call-center', 'dallas', ...slot)
  t.match(named.stdout, `data: ${folder}; it has no rows of client "acme" (`)
  t.match(named.stdout, 'skipped by build', 'what is named is what is shown')
  writeFileSync(join(folder, 'other.parquet'), '')
  const large = await preview.run('--data-set', folder, '--call-center', 'dallas', ...slot)
  t.match(large.stdout, `data: ${folder}; it has no rows of client "acme" (`)
})

t.test('the page shows the first 20 rows of a CSV file as a table', async (t) => {
  const preview = createPreview(t, goodQuery)
  const folder = join(preview.config, '../tables')
  mkdirSync(folder)
  const rows = Array.from({ length: 22 }, (_, at) => `"<b>${10 + at}, \n""x""",dallas,${at}\n`)
  writeFileSync(join(folder, 'calls.csv'), `call_id,call_center,talk_s\n${rows.join('')}`)
  await preview.run('--data-set', folder, '--call-center', 'dallas', ...slot)
  const page = preview.read('index.html')
  t.match(
    page,
    '<table>\n<tr><th>Call ID</th><th>Seconds</th></tr>\n<tr><td>&#60;b&#62;10, \n&#34;x&#34;</td><td>0</td></tr>',
  )
  t.equal(page.match(/<tr><td>/g)?.length, 20)
  t.match(page, 'The first 20 of 22 rows.')
  t.notMatch(page, '<pre>')
})

t.test('a run that would fail says so, and exits 1', async (t) => {
  const preview = createPreview(t, {
    [eod]: (text) => text.replace('_{callCenter}_', '_').replace('scope: call-center', 'scope: client'),
  })
  const warehouse = join(preview.config, '../tables')
  mkdirSync(warehouse)
  writeFileSync(join(warehouse, 'calls.csv'), 'call_id,talk_s\nc1,many\n')
  const { code, stdout } = await preview.run('--data-set', warehouse, ...slot)
  t.equal(code, 1)
  t.match(stdout, /failed by build: REPORT_FAILED: .*; the operators are told/)
  t.notMatch(stdout, 'sftp   ')
})

t.test('hostile templates and titles run nothing and forge nothing', async (t) => {
  const preview = createPreview(t, {
    [eod]: (text) => text.replace('title: End of day', `title: "</title><script>alert(1)</script>"`),
    'templates/mail/note/html.hbs':
      '<script>fetch("https://evil.example")</script><img src="https://evil.example/x">{{job.title}}',
    'templates/mail/note/subject.hbs':
      'Report\u2028{{job.title}}{{#each files}}\n::error::forged\nBcc: thief@evil.example{{/each}}',
  })
  const { code, stdout } = await preview.run('--call-center', 'dallas', ...slot)
  t.equal(code, 0)
  t.notMatch(stdout, /^::error/m, 'no line of its own in the log')
  const index = preview.read('index.html')
  t.notMatch(index, '<script')
  t.match(index, '<iframe sandbox title')
  const html = preview.read('mail/2-mail.html')
  const [first = ''] = html.split('\n')
  t.match(first, /^<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'/)
  t.match(html, '&lt;/title&gt;&lt;script&gt;alert', 'values are escaped')
  const mail = await simpleParser(preview.read('mail/2-mail.eml'))
  t.match(mail.to, { text: 'ops@acme.example' })
  t.equal(mail.bcc, undefined)
})

t.test('a folder with something else in it is left alone, and links are not followed', async (t) => {
  const preview = createPreview(t)
  mkdirSync(preview.out)
  writeFileSync(join(preview.out, 'thesis.txt'), 'precious')
  t.match(await preview.run(), { code: 2, stderr: /holds something else than a preview/ })
  t.equal(preview.read('thesis.txt'), 'precious')

  const linked = createPreview(t)
  await linked.run('--call-center', 'dallas', ...slot)
  const victim = join(linked.config, '../victim')
  mkdirSync(victim)
  writeFileSync(join(victim, 'kept.txt'), 'kept')
  const again = createPreviewIn(linked.out, victim)
  await linked.run('--call-center', 'dallas', ...slot)
  t.ok(again(), 'the link is replaced, what it led to is whole')
})

/** Puts a link to somebody else's folder where a preview has its files; tells whether that folder is untouched. */
function createPreviewIn(out: string, victim: string): () => boolean {
  symlinkSync(victim, join(out, 's3'))
  return () => readdirSync(victim).join() === 'kept.txt' && !existsSync(join(out, 's3'))
}

t.test('a call center or job that is not there is told', async (t) => {
  const preview = createPreview(t)
  t.match(await preview.run('--call-center', 'berlin'), { code: 2, stderr: /it has dallas, tampa/ })
  const { code, stderr } = await runJobsd(['preview', 'acme/none', preview.config, '--out', preview.out])
  t.equal(code, 2)
  t.match(stderr, 'there is no job acme/none')
  const broken = createPreview(t, { [eod]: (text) => text.replace('onEmpty: skip', 'onEmpty: maybe') })
  t.match(await broken.run(), { code: 1, stderr: /eod.yaml:\d+:\d+: "maybe" is not allowed/ })
})

t.test('mails go to a test address only where Settings lists it, and to nobody else', async (t) => {
  const server = await startSmtpServer()
  t.teardown(() => server.close())
  const preview = createPreview(t, {
    'jobs.d/platform/settings.yaml': (text) => `${text}previewRecipients: [me@platform.example]\n`,
    'jobs.d/platform/connections/mail.yaml': (text) =>
      text.replace('mail.platform.example', `127.0.0.1\nport: ${server.port}`).replace('starttls', 'none'),
  })
  const refused = await preview.run('--to', 'me@elsewhere.example', ...slot)
  t.match(refused, {
    code: 2,
    stderr: /may not be sent to me@elsewhere.example; allowed: me@platform.example/,
  })
  t.notOk(existsSync(preview.out))
  const { code, stdout } = await preview.run(
    '--to',
    'me@platform.example',
    '--call-center',
    'dallas',
    ...slot,
  )
  t.equal(code, 0, stdout)
  t.match(stdout, 'the mails were sent to me@platform.example alone')
  t.same(
    server.messages.map(({ to }) => to),
    [['me@platform.example']],
  )
})
