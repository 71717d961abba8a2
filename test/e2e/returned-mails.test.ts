import { createHmac } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { delayedReport, postfixReport } from '../fakes/returned-mails.ts'
import { type Stage, setStage } from './stage.ts'

const dallas = 'dallas@acme.example'

function listMails({ out }: Stage): string[] {
  return readdirSync(out.mail)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => readFileSync(join(out.mail, name), 'utf8'))
}

t.test('a mail that comes back is shown by every command, told, and cleared by hand', async (t) => {
  const stage = await setStage(t)
  const { jobsd, site } = stage
  const maildir = join(site.data, '..', 'returned')
  mkdirSync(join(maildir, 'new'), { recursive: true })
  const connections = join(site.platform, 'connections')
  appendFileSync(
    join(connections, 'mail.yaml'),
    'returnPath: returned@platform.example\nbounces:\n  mailbox: { connection: returned-mail, folder: /new, every: 1s }\n  hook: { secret: { secret: mail-bounces } }\n',
  )
  writeFileSync(
    join(connections, 'returned-mail.yaml'),
    `apiVersion: jobsd/v1\nkind: Connection\nname: returned-mail\ntype: folder\npath: ${maildir}\n`,
  )
  writeFileSync(join(site.secrets, 'mail-bounces'), 'canary-of-the-hook', { mode: 0o600 })
  const engine = await stage.start()
  const run = async () => {
    const args = ['eod-call-detail', '--slot', '2026-11-23T00:30:00Z', '--call-center', 'dallas', '--json']
    const ran = await jobsd('run', `acme/${args.shift()}`, ...args)
    t.equal(ran.code, 0, ran.stderr)
    return JSON.parse(ran.stdout).runs[0]
  }
  const first = await run()
  const [sent = ''] = listMails(stage)
  const messageId = /^Message-ID: (.*?)\r?$/im.exec(sent)?.[1] ?? ''
  writeFileSync(join(maildir, 'new', '1'), postfixReport({ messageId, recipient: dallas }))
  const bounces = async () => JSON.parse((await jobsd('bounces', '--json')).stdout)
  for (let tries = 0; tries < 100 && !readdirSync(maildir + '/new').includes('done'); tries++)
    await setTimeout(100)

  const listed = await bounces()
  t.match(listed, {
    recipients: [{ connection: 'mail', address: dallas, client: 'acme', count: 1, status: '5.1.1' }],
    last: [{ outcome: 'returned', source: 'mailbox', runId: first.id, job: 'acme/eod-call-detail' }],
  })
  const words = 'User unknown in local recipient table'
  t.match((await jobsd('bounces')).stdout, /^RETURNED FROM .*\ndallas@acme\.example +mail +acme +1 /)
  t.match((await jobsd('status')).stdout, words)
  t.match(JSON.parse((await jobsd('status', '--json')).stdout).returned, [{ address: dallas }])
  t.match((await jobsd('runs', first.id)).stdout, /returned {2}dallas@acme\.example .* 550 5\.1\.1/)
  for (let tries = 0; tries < 100 && listMails(stage).length < 2; tries++) await setTimeout(100)
  const alert = listMails(stage).find((mail) => /came back/.test(mail)) ?? ''
  t.match(alert, /^To: ops@platform\.example\r?$/m)
  t.match(alert, words)

  const second = await run()
  const { stdout } = await jobsd('runs', second.id)
  t.match(stdout, /note +dallas@acme\.example returned 1 mail since /, 'and it was sent all the same')

  // A hook, and the alert's own return: no further mail.
  const alertId = /^Message-ID: (.*?)\r?$/im.exec(alert)?.[1] ?? ''
  const post = (body: Buffer) =>
    fetch(`${engine.address}/v1/hooks/bounces/mail`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: {
        'content-type': 'message/rfc822',
        'x-signature-256': `sha256=${createHmac('sha256', 'canary-of-the-hook').update(body).digest('hex')}`,
      },
    })
  t.equal((await post(postfixReport({ messageId: alertId, recipient: 'ops@platform.example' }))).status, 202)
  t.equal((await post(delayedReport({ messageId, recipient: dallas }))).status, 202)
  t.same(
    (await bounces()).last.map(({ outcome }: { outcome: string }) => outcome),
    ['noted', 'alert', 'returned'],
  )

  t.equal(await engine.stop(), 0)
  t.notMatch(engine.log().join('\n'), /canary-of-the-hook/)
  t.equal(listMails(stage).length, 3, 'two mails of the job, one alert')
  const clear = ['--clear', dallas, '--connection', 'mail']
  t.match(await jobsd('bounces', ...clear), { code: 2, stderr: /--clear needs --connection and --why/ })
  const cleared = await jobsd(
    'bounces',
    ...clear,
    '--why',
    'they mended it',
    '--as',
    'ana',
    '--dir',
    stage.dir,
  )
  t.match(cleared, { code: 0, stdout: `${dallas} is not flagged any more\n` }, cleared.stderr)
  t.match((await bounces()).recipients, [{ address: 'ops@platform.example', client: '' }])
  t.match(
    (await jobsd('status', '--actions')).stdout,
    /ana +clear-bounces mail:dallas@acme\.example +they mended it/,
  )
  t.equal((await jobsd('bounces', ...clear, '--why', 'x', '--dir', stage.dir)).code, 2)
})
