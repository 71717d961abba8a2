import '../../fakes/clean-children.ts'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { deliveryWays, frequencies } from '../../../engine/config/scaffold/job.ts'
import { runCommand } from '../../fakes/command-line.ts'

const root = join(import.meta.dirname, '../../..')

/** The repository's own example, without the tests of its jobs. */
function createRepository(t: Test): string {
  const dir = join(t.testdir(), 'config')
  const filter = (path: string) => !path.endsWith('.test.yaml')
  cpSync(join(root, 'jobs.d'), join(dir, 'jobs.d'), { recursive: true, filter })
  return dir
}

/** A report `campaign/one` that knows no period. */
function writeCampaignReport(dir: string): void {
  const folder = join(dir, 'templates/reports/campaign/one')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'report.yaml'),
    'apiVersion: jobsd/v1\nkind: Report\nname: one\ntitle: One\ncategory: campaign\ncolumns: [{ name: name, title: Name, type: text }]\n',
  )
  writeFileSync(
    join(folder, 'query.sql'),
    'SELECT name FROM campaigns WHERE campaign_id = $campaign_id ORDER BY name\n',
  )
}

const read = (dir: string, path: string) => readFileSync(join(dir, path), 'utf8')
const listFiles = (dir: string) => readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()

/** The options of a job setup request that is complete. */
function requestArgs(dir: string, changes: Record<string, string | null> = {}): string[] {
  const options = {
    client: 'acme',
    report: 'call/call-detail',
    scope: 'client',
    frequency: 'weekly',
    delivery: 'sftp',
    ...changes,
  }
  const given = Object.entries(options).flatMap(([key, value]) => (value === null ? [] : [`--${key}`, value]))
  return ['new', 'job', '--dir', dir, ...given]
}

t.test('every setup request becomes a valid job whose tests pass', async (t) => {
  const dir = createRepository(t)
  const requests = [
    ...frequencies.flatMap((frequency) =>
      ['client', 'call-center'].map((scope) => ({ frequency, scope, delivery: 's3,sftp' })),
    ),
    ...[...deliveryWays, 'email,s3,sftp'].map((delivery) => ({
      frequency: 'weekly',
      scope: 'client',
      delivery,
    })),
  ]
  for (const { scope, frequency, delivery } of requests) {
    const isCampaign = frequency === 'eoc'
    const { exitCode, out, err } = await runCommand(
      requestArgs(dir, {
        scope,
        frequency,
        delivery,
        report: isCampaign ? 'campaign/campaign-summary' : 'call/call-detail',
        name: `${frequency}-${scope}-${delivery.replaceAll(',', '-')}`,
        cron: frequency === 'cron' ? '0 9-17 * * *' : null,
        after: frequency === 'after' ? 'eod-call-detail' : null,
        to: delivery.includes('email') ? 'ops@acme.example,boss@partner.example' : null,
      }),
    )
    // Acme has its campaign job already: the new one says so, and is fine otherwise.
    t.equal(err, '', `${scope} ${frequency} ${delivery}`)
    t.equal(exitCode, isCampaign ? 1 : 0)
    t.equal(out.match(/\[[a-z-]+\]$/gm)?.join(), isCampaign ? '[one-per-client]' : undefined, out)
  }
  const campaign = { client: 'cobalt', frequency: 'eoc', report: 'campaign/campaign-summary', name: 'eoc' }
  t.equal((await runCommand(requestArgs(dir, campaign))).exitCode, 0)
  const command = [join(root, 'engine/main.ts'), 'test', dir, '--json']
  const ended = spawnSync(process.execPath, command, { encoding: 'utf8', env: { PATH: process.env.PATH } })
  const jobs = JSON.parse(ended.stdout).jobs as { job: string; tests: { passed: boolean }[] }[]
  const written = jobs.filter(({ job }) => /^acme\/.*-(client|call-center)-|^cobalt\/eoc$/.test(job))
  t.equal(written.filter(({ tests }) => tests.length >= 4).length, 17)
  t.same(
    written.filter(({ tests }) => tests.some(({ passed }) => !passed)),
    [],
  )
})

t.test('a setup request by mail reads as a person would have written it', async (t) => {
  const dir = createRepository(t)
  const { exitCode } = await runCommand(
    requestArgs(dir, {
      frequency: 'monthly',
      scope: 'call-center',
      delivery: 'sftp,email',
      to: 'ops@acme.example',
    }),
  )
  t.equal(exitCode, 0)
  t.equal(
    read(dir, 'jobs.d/acme/monthly-call-detail.yaml'),
    `# yaml-language-server: $schema=../../schemas/job.json
apiVersion: jobsd/v1
kind: Job
name: monthly-call-detail
title: Monthly call detail
client: acme
# One run for each call center: no file of one meets the mail of another.
scope: call-center
# Minute, hour, day of month, month, day of week; the time is that of America/Chicago.
trigger:
  type: scheduled
  schedules:
    - name: monthly
      cron: "30 0 1 * *"
steps:
  - name: build
    type: report
    report: call/call-detail
    period: month
    format: csv
    fileName: "{client}_{callCenter}_{job}_{period.end:yyyyMM}.csv"
    # Without rows: send it all the same, skip it (nobody gets anything), or fail (the operators are told).
    onEmpty: send
  - name: upload
    type: ftp-out-copy
    from: build
    connection: acme-sftp
    path: /reports
    overwrite: skip-if-same
    retry: { maxAttempts: 5, delay: 30s }
  - name: mail
    type: email
    from: build
    connection: mail
    to: [ops@acme.example]
    template: report-ready
`,
  )
})

t.test('an end-of-day job is due after the day cut-off of its client', async (t) => {
  const dir = createRepository(t)
  await runCommand(requestArgs(dir, { client: 'borealis', frequency: 'eod', delivery: 's3', name: 'daily' }))
  t.match(read(dir, 'jobs.d/borealis/daily.yaml'), '"30 3 * * *"')
  await runCommand(requestArgs(dir, { frequency: 'eod', name: 'evening', at: '18:45' }))
  t.match(read(dir, 'jobs.d/acme/evening.yaml'), '"45 18 * * *"')
})

t.test('what goes beyond the policy is written and told with its place', async (t) => {
  const dir = createRepository(t)
  const { exitCode, out } = await runCommand(requestArgs(dir, { delivery: 'email', to: 'x@nowhere.example' }))
  t.equal(exitCode, 1)
  t.match(
    out,
    /^jobs\.d\/acme\/weekly-call-detail\.yaml:\d+:\d+: .*nowhere\.example.*\[recipient-not-allowed\]$/m,
  )
})

t.test('without a terminal everything that is missing is named, and nothing is written', async (t) => {
  const dir = createRepository(t)
  const before = listFiles(dir)
  const job = await runCommand(['new', 'job', '--dir', dir, '--client', 'acme'])
  t.equal(job.exitCode, 2)
  t.match(job.err, /missing: --frequency .*--report .*--scope .*--delivery /)
  const client = await runCommand(['new', 'client', '--dir', dir])
  t.match(client.err, /missing: NAME .*--title .*--timezone .*--call-centers /)
  const connection = await runCommand(['new', 'connection', 'x', '--type', 'sftp', '--dir', dir])
  t.match(connection.err, /missing: --host .*--username .*--host-key /)
  t.match((await runCommand(['new', 'calendar', '--dir', dir])).err, /missing: NAME .*--title /)
  t.same(listFiles(dir), before)
})

t.test(
  'an answer that cannot be is a usage error that says what is allowed, and nothing is written',
  async (t) => {
    const dir = createRepository(t)
    writeCampaignReport(dir)
    const before = listFiles(dir)
    const wrong: [Record<string, string | null>, RegExp][] = [
      [{ client: 'acne' }, /--client: "acne" is no client; did you mean "acme"\?/],
      [{ report: 'call/call-detial' }, /did you mean "call\/call-detail"\?/],
      [{ report: 'campaign/one' }, /is about one campaign; use --frequency eoc/],
      [{ frequency: 'daily' }, /"daily" is no frequency; there are eoc, eod/],
      [{ delivery: 'fax' }, /"fax" is no way of delivery/],
      [{ frequency: 'cron', cron: '61 * * * *' }, /--cron: "61" is no minute/],
      [{ cron: '0 * * * *' }, /--cron is for --frequency cron/],
      [{ after: 'eod' }, /--after is for --frequency after/],
      [{ frequency: 'after' }, /missing: --after/],
      [{ frequency: 'after', after: 'eod-calls' }, /--after: "eod-calls" is no job of the client/],
      [{ delivery: 'email', to: 'nobody' }, /"nobody" is not one plain e-mail address/],
      [{ to: 'ops@acme.example' }, /--to is for --delivery email/],
      [{ connection: 'acme-s3' }, /acme-s3 is of type s3, which is of no use for --delivery sftp/],
      [{ connection: 'acme-sftpp' }, /there is no connection "acme-sftpp"; did you mean "acme-sftp"\?/],
      [
        { connection: 'delta-ftp' },
        /there is no connection "delta-ftp"; there are .*acme-sftp.*; make it first: jobsd new connection delta-ftp --type sftp$/m,
      ],
      [{ client: 'cobalt', delivery: 's3' }, /names no connection of type s3/],
      [{ scope: 'call-center', 'call-centers': 'dalas' }, /did you mean "dallas"\?/],
      [{ name: '../evil' }, /is no name; use .*, such as evil$/m],
      [{ title: 'two\nlines' }, /is no title/],
      [{ calendar: 'us' }, /is no calendar/],
      [{ period: 'campaign' }, /the period campaign is for --frequency eoc/],
    ]
    for (const [changes, told] of wrong) {
      const { exitCode, err, out } = await runCommand(requestArgs(dir, changes))
      t.equal(exitCode, 2, out)
      t.match(err, told)
    }
    t.same(listFiles(dir), before)
  },
)

t.test('nothing is ever overwritten, not even in part', async (t) => {
  const dir = createRepository(t)
  t.equal((await runCommand(requestArgs(dir))).exitCode, 0)
  const text = read(dir, 'jobs.d/acme/weekly-call-detail.yaml')
  const again = await runCommand(requestArgs(dir, { title: 'Another' }))
  t.equal(again.exitCode, 2)
  t.match(again.err, /the job acme\/weekly-call-detail is there already; give another name/)
  t.equal(read(dir, 'jobs.d/acme/weekly-call-detail.yaml'), text)
  const client = await runCommand(
    'new client nova --title Nova --timezone UTC --call-centers a --dir'.split(' ').concat(dir),
  )
  t.equal(client.exitCode, 0)
  const files = listFiles(dir)
  cpSync(join(dir, 'jobs.d/nova'), join(dir, 'kept'), { recursive: true })
  const taken = await runCommand(
    'new client nova --title Other --timezone UTC --call-centers a --no-ftp-in --dir'.split(' ').concat(dir),
  )
  t.equal(taken.exitCode, 2)
  t.same(
    listFiles(dir).filter((path) => !path.startsWith('kept')),
    files,
  )
})

t.test('a person at a terminal is asked for what is missing, again where an answer is wrong', async (t) => {
  const dir = createRepository(t)
  const { exitCode, asked } = await runCommand(['new', 'job', '--dir', dir, '--client', 'acme'], {
    answers: [
      'sometimes',
      'eod',
      'call/call-detail',
      'client',
      'email',
      'weekday-calls',
      'nobody',
      'ops@acme.example',
    ],
  })
  t.equal(exitCode, 0)
  t.equal(asked.length, 8)
  t.match(asked[1], /^"sometimes" is no frequency; there are eoc, eod, .*\nHow often: /)
  t.ok(existsSync(join(dir, 'jobs.d/acme/weekday-calls.yaml')))
  const json = await runCommand(['new', 'job', '--dir', dir, '--json'], { answers: [] })
  t.equal(json.exitCode, 2, 'a script that wants JSON is asked nothing')
})

t.test('a new client gets a policy, and a drop folder with a login of its own', async (t) => {
  const dir = createRepository(t)
  const args = [
    'new',
    'client',
    'nova',
    '--dir',
    dir,
    '--title',
    'Nova: "the" *Bank*',
    '--timezone',
    'Europe/London',
  ]
  const { exitCode, out } = await runCommand([
    ...args,
    '--call-centers',
    'leeds',
    'new-york',
    '--domains',
    'nova.example',
  ])
  t.equal(exitCode, 0, out)
  t.match(out, /ask the operators to store the secret "dropbox-nova-password"$/m)
  t.match(out, /jobs.d\/nova\/campaign-upload.yaml takes the files it posts.*--no-ftp-in/)
  t.match(out, /pull request; an operator approves jobs.d\/platform\//)
  const drop = read(dir, 'jobs.d/platform/connections/dropbox-nova.yaml')
  t.match(drop, 'host: dropbox.platform.example\n')
  t.match(drop, 'username: nova\n')
  t.match(read(dir, 'jobs.d/platform/clients/nova.yaml'), 'connections: [mail, dropbox-nova]\n')
  t.match(read(dir, 'jobs.d/nova/campaign-upload.yaml'), 'path: /nova/campaigns\n')
  t.match(read(dir, 'jobs.d/nova/client.yaml'), '{ name: new-york, title: New York }')
  t.equal((await runCommand(['validate', dir])).exitCode, 0)
  const plain = await runCommand(
    'new client plain --title Plain --timezone UTC --call-centers a --no-ftp-in --dir'.split(' ').concat(dir),
  )
  t.equal(plain.exitCode, 0)
  t.notOk(existsSync(join(dir, 'jobs.d/plain/campaign-upload.yaml')))
  t.notMatch(plain.out, 'campaign-upload')
  const reserved = await runCommand(['new', 'client', 'platform', '--dir', dir, '--title', 'x'])
  t.match(reserved.err, /platform is the operators' folder/)
  const titled = await runCommand(['new', 'client', 'Delta Insurance', '--dir', dir])
  t.match(
    titled.err,
    /"Delta Insurance" is no name; .*, such as delta-insurance, with --title "Delta Insurance"$/m,
  )
  const early = await runCommand([
    ...args.with(2, 'delta'),
    '--call-centers',
    'a',
    '--connections',
    'delta-sftp',
  ])
  t.match(
    early.err,
    /--connections: there is no connection "delta-sftp"; there are .*; make it first: jobsd new connection delta-sftp --type sftp$/m,
  )
  const mixed = await runCommand([...args.with(2, 'delta'), '--call-centers', 'a', '--dataset', 'acme-sftp'])
  t.match(mixed.err, /--dataset: acme-sftp is of type sftp, not dataset$/m)
})

/** Somebody's public key, in a file of its own as they would send it. */
function writePublicKey(dir: string): { file: string; fingerprint: string } {
  const path = 'test/manifests/ok/keys-in-full/jobs.d/platform/connections/acme-key.yaml'
  const text = readFileSync(join(root, path), 'utf8')
  const file = join(dir, 'acme.asc')
  const [, armor = ''] = /publicKey: \|\n([\s\S]*)/.exec(text) ?? []
  writeFileSync(file, armor.replaceAll(/^ {2}/gm, ''))
  return { file, fingerprint: /fingerprint: (\w+)/.exec(text)?.[1] ?? '' }
}

t.test('a web service, a key and a database come out valid, their secrets by name', async (t) => {
  const dir = createRepository(t)
  const { file, fingerprint } = writePublicKey(dir)
  const web = ['--type', 'http', '--base-url', 'https://api.nova.example/v2', '--auth']
  const pg = ['--type', 'dataset', '--format', 'postgres', '--host', 'db.nova.example', '--database', 'dw']
  const asc = ['--type', 'key', '--public-key', file, '--fingerprint', fingerprint.toLowerCase()]
  const cases: Record<string, [args: string[], holds: string[], secrets: string]> = {
    bearer: [[...web, 'bearer'], ['type: bearer\n  token: { secret: bearer-token }'], '"bearer-token"'],
    basic: [[...web, 'basic', '--username', 'us'], ['username: us'], '"basic-password"'],
    header: [[...web, 'header', '--header', 'X-Key'], ['name: X-Key'], '"header-key"'],
    hmac: [[...web, 'hmac', '--title', 'CRM'], ['title: CRM'], '"hmac-signing-key"'],
    open: [[...web, 'none', '--allow-private'], ['allowPrivate: true'], ''],
    theirs: [asc, [`fingerprint: ${fingerprint}`, 'publicKey: |\n  -----BEGIN PGP'], ''],
    ours: [[...asc, '--own'], ['privateKey:'], '"ours-private" and "ours-passphrase"'],
    zip: [['--type', 'key', '--purpose', 'passphrase'], ['purpose: passphrase'], '"zip-passphrase"'],
    pg: [
      [...pg, '--username', 'reader', '--port', '5433', '--schema', 'reporting'],
      ['port: 5433', 'schema: reporting', 'username: reader', '# It needs no more than to read'],
      '"pg-password"',
    ],
  }
  for (const [name, [args, holds, secrets]] of Object.entries(cases)) {
    const { exitCode, out, err } = await runCommand(['new', 'connection', name, '--dir', dir, ...args])
    t.equal(exitCode, 0, `${name} ${out} ${err}`)
    const text = read(dir, `jobs.d/platform/connections/${name}.yaml`)
    for (const part of holds) t.ok(text.includes(part), `${name} has ${part}`)
    t.match(out, secrets === '' ? /Next:\n {2}name it/ : secrets)
    t.match(text, /^# yaml-language-server: .*\n[\s\S]*^ *# /m, 'with a comment')
  }
})

t.test(
  'what is missing or does not fit a web service, a key or a database is said, and nothing written',
  async (t) => {
    const dir = createRepository(t)
    const { file } = writePublicKey(dir)
    const other = '0'.repeat(40)
    const cases: [args: string[], told: RegExp][] = [
      [['--type', 'http'], /missing: --base-url .*--auth /],
      [
        ['--type', 'http', '--base-url', 'http://x.example', '--auth', 'none'],
        /--base-url: .*is no endpoint/,
      ],
      [['--type', 'http', '--base-url', 'https://x.example', '--auth', 'basic'], /missing: --username/],
      [['--type', 'http', '--base-url', 'https://x.example', '--auth', 'oauth'], /--auth: "oauth" is no way/],
      [
        ['--type', 'http', '--base-url', 'https://x.example', '--auth', 'hmac', '--header', 'X-A'],
        /--header means nothing for a connection of type http/,
      ],
      [['--type', 'key'], /missing: --purpose/],
      [['--type', 'key', '--public-key', file], /missing: --fingerprint/],
      [
        ['--type', 'key', '--public-key', `${file}.gone`, '--fingerprint', other],
        /cannot read .*acme\.asc\.gone/,
      ],
      [
        ['--type', 'key', '--public-key', join(dir, 'jobs.d/acme/client.yaml'), '--fingerprint', other],
        /the text of /,
      ],
      [['--type', 'key', '--public-key', file, '--fingerprint', 'ABCD'], /"ABCD" is no fingerprint/],
      [
        ['--type', 'key', '--public-key', file, '--fingerprint', other],
        /the key in .* has E274.*ask its owner/,
      ],
      [['--type', 'dataset', '--format', 'postgres'], /missing: --host .*--database .*--username/],
      [
        [
          '--type',
          'dataset',
          '--format',
          'postgres',
          '--path',
          '/x',
          '--host',
          'a',
          '--database',
          'b',
          '--username',
          'c',
        ],
        /--path means nothing for a connection of type dataset/,
      ],
    ]
    for (const [args, told] of cases) {
      const { exitCode, err } = await runCommand(['new', 'connection', 'crm', '--dir', dir, ...args])
      t.equal(exitCode, 2, args.join(' '))
      t.match(err, told)
    }
    t.notOk(existsSync(join(dir, 'jobs.d/platform/connections/crm.yaml')))
  },
)

t.test('every type of connection and a calendar come out valid', async (t) => {
  const dir = createRepository(t)
  const key = 'SHA256:ozcCPL1zo2yzU7fTMmSnRZ2vRxSD1TrgfLNc7lc2bFQ'
  const types = {
    sftp: [
      '--host',
      'sftp.nova.example',
      '--username',
      'yes',
      '--host-key',
      key,
      '--port',
      '2222',
      '--root',
      '/in: here',
    ],
    smtp: ['--host', 'smtp.nova.example', '--from', 'reports@nova.example', '--username', '*reports'],
    s3: [
      '--region',
      'eu-central-1',
      '--bucket',
      'nova',
      '--endpoint',
      'https://s3.nova.example',
      '--prefix',
      '#1/',
    ],
    folder: ['--path', '/srv/"quoted" folder'],
    dataset: ['--path', '/srv/data', '--format', 'csv'],
  }
  for (const [type, args] of Object.entries(types)) {
    const { exitCode, out, err } = await runCommand([
      'new',
      'connection',
      `nova-${type}`,
      '--type',
      type,
      '--dir',
      dir,
      ...args,
    ])
    t.equal(exitCode, 0, `${type} ${out} ${err}`)
  }
  const foreign = await runCommand([
    'new',
    'connection',
    'x',
    '--type',
    'folder',
    '--path',
    '/x',
    '--host',
    'y',
    '--dir',
    dir,
  ])
  t.match(foreign.err, /--host means nothing for a connection of type folder/)
  const calendar = ['new', 'calendar', 'uk', '--title', 'UK: days', '--dir', dir]
  const holidays = ['--holiday', "2026-12-25=Christmas: Day, the 'first'", '2026-12-28=yes']
  t.equal((await runCommand([...calendar, ...holidays])).exitCode, 0)
  t.match(read(dir, 'jobs.d/platform/calendars/uk.yaml'), '- { date: "2026-12-28", title: "yes" }')
  t.match((await runCommand([...calendar, '--holiday', '2026-02-30=x'])).err, /is no calendar day/)
  t.equal((await runCommand(['validate', dir])).exitCode, 0)
})

t.test('where the operators keep their documents elsewhere, theirs are written there', async (t) => {
  const dir = createRepository(t)
  const platform = join(dir, '../operators')
  cpSync(join(dir, 'jobs.d/platform'), platform, { recursive: true })
  const { exitCode, out } = await runCommand(
    ['new', 'client', 'nova', '--title', 'Nova', '--timezone', 'UTC', '--call-centers', 'a', '--dir', dir],
    { env: { JOBSD_PLATFORM: platform } },
  )
  t.equal(exitCode, 0, out)
  t.ok(existsSync(join(platform, 'clients/nova.yaml')))
  t.ok(existsSync(join(dir, 'jobs.d/nova/client.yaml')))
  t.notOk(existsSync(join(dir, 'jobs.d/platform/clients/nova.yaml')))
})

t.test('no link leads a new file out of the repository', async (t) => {
  const dir = createRepository(t)
  const outside = join(dir, '../outside')
  mkdirSync(outside)
  rmSync(join(dir, 'jobs.d/platform/clients'), { recursive: true })
  symlinkSync(outside, join(dir, 'jobs.d/platform/clients'))
  const { exitCode, err } = await runCommand(
    'new client nova --title Nova --timezone UTC --call-centers a --no-ftp-in --dir'.split(' ').concat(dir),
  )
  t.equal(exitCode, 2)
  t.match(err, /leads out of/)
  t.same(readdirSync(outside), [])
  t.notOk(existsSync(join(dir, 'jobs.d/nova/client.yaml')), 'what was written before is taken back')
})
