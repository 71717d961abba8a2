import t from 'tap'
import { compileJob, createCompiler } from '../../../engine/config/compile.ts'
import type { Config } from '../../../engine/config/config.ts'
import { createManifestReader } from '../../../engine/config/manifest-reader.ts'
import { formatProblemLine } from '../../../engine/config/problems.ts'
import type { JobId, Snapshot } from '../../../engine/core/model.ts'
import { editSmall, load } from './golden.ts'

const eod = 'jobs.d/acme/eod.yaml'
const breakIt = (text: string) => text.replace('apiVersion', 'apiversion')

function compiled(config: Config, job: JobId): Snapshot {
  const result = compileJob(config, job)
  if ('problem' in result) throw new Error(result.problem.message)
  return result.snapshot
}

/** A second client, whose job uses nothing of the first one. */
const second = {
  'jobs.d/platform/clients/cobalt.yaml': `apiVersion: jobsd/v1
kind: ClientPolicy
name: cobalt
connections: [mail]
recipientDomains: [cobalt.example]
`,
  'jobs.d/cobalt/client.yaml': `apiVersion: jobsd/v1
kind: Client
name: cobalt
title: Cobalt
timezone: UTC
callCenters: [{ name: nyc, title: New York }]
`,
  'jobs.d/cobalt/note.yaml': `apiVersion: jobsd/v1
kind: Job
name: note
title: Note
client: cobalt
scope: client
trigger: { type: manual }
steps:
  - { name: tell, type: email, connection: mail, to: [x@cobalt.example], template: note }
`,
}

t.test('a snapshot is self-contained and has its defaults filled', async (t) => {
  const snapshot = compiled(load(editSmall({})), 'acme/eod')
  t.match(snapshot.digest, /^[0-9a-f]{64}$/)
  t.match(snapshot.manifest, { enabled: true, callCenters: ['dallas', 'tampa'] })
  t.same(
    snapshot.manifest.steps.map(({ name, onSuccess, onFailure }) => [name, onSuccess, onFailure]),
    [
      ['build', 'upload', 'fail'],
      ['upload', 'mail', 'fail'],
      ['mail', 'end', 'fail'],
    ],
  )
  t.same(Object.keys(snapshot.connections), ['mail', 'sftp', 'warehouse'], 'its own and the dataset')
  t.match(snapshot.schedules, [
    {
      name: 'weekdays',
      timezone: 'America/Chicago',
      onHoliday: 'skip',
      catchUp: 'latest',
      catchUpWindowMs: 86_400_000,
      fields: { minutes: [30], hours: [18], daysOfWeek: [1, 2, 3, 4, 5] },
      calendar: { name: 'us-business' },
    },
  ])
  t.match(snapshot.reports['call/call-detail'], { category: 'call', sql: /^SELECT call_id/ })
  t.match(snapshot.templates, { note: { subject: '{{job.title}}' } })
  t.same(JSON.parse(JSON.stringify(snapshot)), snapshot, 'plain JSON')
})

t.test('the digest follows the meaning of what the job uses, not its writing', async (t) => {
  const digest = (edits: Parameters<typeof editSmall>[0]) =>
    compiled(load(editSmall(edits)), 'acme/eod').digest
  const before = digest({})
  t.equal(digest({}), before)
  t.equal(
    digest({ [eod]: (text) => `# comment\n${text.replace('title: End of day', 'title: "End of day"')}` }),
    before,
  )
  t.equal(
    digest({ 'jobs.d/platform/connections/s3.yaml': (text) => text.replace('us-east-1', 'us-west-2') }),
    before,
  )
  const reordered = (text: string) => `${text.replace('title: End of day\n', '')}title: End of day\n`
  t.equal(digest({ [eod]: reordered }), before, 'the order of keys')
  const changes: Record<string, [string, string]> = {
    [eod]: ['/outbound', '/out'],
    'jobs.d/acme/client.yaml': ['title: Tampa', 'title: Tampa Bay'],
    'jobs.d/platform/clients/acme.yaml': ['[mail, sftp, s3]', '[mail, sftp]'],
    'jobs.d/platform/connections/sftp.yaml': ['username: reports', 'username: other'],
    'jobs.d/platform/connections/warehouse.yaml': ['/srv/warehouse', '/srv/data'],
    'jobs.d/platform/calendars/us-business.yaml': ['2026-12-25', '2026-12-24'],
    'templates/reports/call/call-detail/query.sql': ['ORDER BY call_id', 'ORDER BY seconds'],
    'templates/mail/note/html.hbs': ['<p>', '<p lang="en">'],
  }
  t.equal(
    digest({ 'jobs.d/platform/settings.yaml': (text) => text.replace('ops@', 'oncall@') }),
    before,
    "what is the operators' own is in no job",
  )
  for (const [file, [from, to]] of Object.entries(changes)) {
    t.not(digest({ [file]: (text) => text.replace(from, to) }), before, file)
  }
})

t.test('a compiler that remembers gives what one without memory gives, whatever was changed', async (t) => {
  const reader = createManifestReader()
  const { compile, forgetOthers } = createCompiler()
  const edit = (edits: Parameters<typeof editSmall>[0]) => load(editSmall(edits), { reader })
  const first = compile(edit({}), 'acme/eod')
  t.match(first, { snapshot: { digest: /./ } })
  const again = compile(edit({ 'jobs.d/platform/connections/s3.yaml': breakIt }), 'acme/eod')
  t.equal('snapshot' in again && again.snapshot, 'snapshot' in first && first.snapshot, 'the same object')
  forgetOthers(new Map())
  const anew = compile(edit({}), 'acme/eod')
  t.not('snapshot' in anew && anew.snapshot, 'snapshot' in first && first.snapshot, 'forgotten, built anew')
  t.same(anew, first)
  const edits: [string, (text: string) => string][] = [
    [eod, (text) => text.replace('/outbound', '/out')],
    ['jobs.d/acme/client.yaml', (text) => text.replace('title: Tampa', 'title: Tampa Bay')],
    ['jobs.d/platform/clients/acme.yaml', (text) => text.replace('[mail, sftp, s3]', '[mail, sftp]')],
    ['jobs.d/platform/connections/sftp.yaml', (text) => text.replace('username: reports', 'username: x')],
    ['jobs.d/platform/connections/warehouse.yaml', (text) => text.replace('/srv/warehouse', '/srv/d')],
    ['jobs.d/platform/calendars/us-business.yaml', (text) => text.replace('2026-12-25', '2026-12-24')],
    ['templates/reports/call/call-detail/report.yaml', (text) => text.replace(/title: .*/, 'title: Other')],
    ['templates/reports/call/call-detail/query.sql', (text) => text.replace('ORDER BY call_id', '')],
    ['templates/mail/note/html.hbs', (text) => text.replace('<p>', '<p lang="en">')],
    [eod, breakIt],
  ]
  for (const [file, change] of edits) {
    const config = edit({ [file]: change })
    t.same(compile(config, 'acme/eod'), compileJob(config, 'acme/eod'), file)
    t.notSame(compile(config, 'acme/eod'), first, `${file} counts`)
  }
})

t.test('an error in a document keeps exactly the jobs that use it from compiling', async (t) => {
  const usedByAcme = [
    eod,
    'jobs.d/acme/client.yaml',
    'jobs.d/platform/clients/acme.yaml',
    'jobs.d/platform/connections/sftp.yaml',
    'jobs.d/platform/connections/warehouse.yaml',
    'jobs.d/platform/calendars/us-business.yaml',
    'templates/reports/call/call-detail/report.yaml',
  ]
  for (const file of usedByAcme) {
    const config = load(editSmall({ ...second, [file]: breakIt }))
    t.match(compileJob(config, 'acme/eod'), { problem: { file, line: 1 } }, `${file} stops its user`)
    t.hasProp(compileJob(config, 'cobalt/note'), 'snapshot', `${file} stops nobody else`)
  }
  for (const job of ['acme/eod', 'cobalt/note'] as const) {
    const [mail, settings] = ['jobs.d/platform/connections/mail.yaml', 'jobs.d/platform/settings.yaml']
    const broken = (file: string) => compileJob(load(editSmall({ ...second, [file]: breakIt })), job)
    t.match(broken(mail), { problem: { file: mail } })
    t.hasProp(broken(settings), 'snapshot', 'the settings are no part of a job')
  }
  const text = 'templates/mail/note/text.hbs'
  const config = load(editSmall({ ...second, [text]: '{{nonsense}}' }))
  t.match(compileJob(config, 'acme/eod'), { problem: { file: text } })
})

t.test('what a job does not use may be broken, and so may a manifest in a wrong place', async (t) => {
  const config = load(
    editSmall({
      'jobs.d/platform/connections/s3.yaml': breakIt,
      'jobs.d/acme/deep/x.yaml': 'x',
      'jobs.d/acme/bad.yaml': '[',
    }),
  )
  t.equal(config.problems.length, 3)
  t.hasProp(compileJob(config, 'acme/eod'), 'snapshot')
})

t.test(
  'a file that is no readable manifest is a job that does not compile, a missing one is unknown',
  async (t) => {
    const config = load(editSmall({ [eod]: 'a: [' }))
    t.same([...config.jobFiles], [['acme/eod', eod]])
    t.match(compileJob(config, 'acme/eod'), { problem: { file: eod, rule: 'yaml' } })
    t.throws(() => compileJob(config, 'acme/none'), { code: 'JOB_UNKNOWN' })
  },
)

t.test('warnings do not keep a job from compiling', async (t) => {
  const config = load(
    editSmall({ [eod]: (text) => text.replace('calendar: us-business', 'onHoliday: next') }),
  )
  t.match(config.problems, [{ severity: 'warning' }])
  t.hasProp(compileJob(config, 'acme/eod'), 'snapshot')
})

t.test(
  "mails come from the client's own templates, then the repository's, then the standard ones",
  async (t) => {
    const path = 'templates/mail/note/subject.hbs'
    const standard = editSmall({ [path]: 'standard' })
    const subject = (edits: Parameters<typeof editSmall>[0]) =>
      compiled(load(editSmall(edits), { standard }), 'acme/eod').templates.note?.subject
    t.equal(subject({ [path]: null }), 'standard')
    t.equal(subject({ [path]: 'repository' }), 'repository')
    t.equal(subject({ [path]: 'repository', [`jobs.d/acme/${path}`]: 'own' }), 'own')
    t.equal(subject({ [path]: 'repository', [`jobs.d/other/${path}`]: "another client's" }), 'repository')
  },
)

t.test("a client's folder brings no query", async (t) => {
  const own = 'jobs.d/acme/templates/reports/call/call-detail/query.sql'
  const config = load(editSmall({ [own]: 'SELECT * FROM calls' }))
  t.match(config.problems, [{ file: own, rule: 'layout' }])
  t.match(compiled(config, 'acme/eod').reports['call/call-detail']?.sql, /^SELECT call_id/)
})

t.test('a name that holds a line end or an escape is a problem, and is shown harmless', async (t) => {
  const names = [
    'jobs.d/acme/a\nb.yaml',
    'jobs.d/acme/c.yaml\n',
    'jobs.d/\u001b[2Jd/e.txt',
    'jobs.d/acme/\u202efdp.yaml',
  ]
  const { problems } = load(editSmall(Object.fromEntries(names.map((name) => [name, 'x: 1']))))
  t.same(problems.map(({ file, rule }) => [file, rule]).sort(), names.map((name) => [name, 'layout']).sort())
  const shown = problems.map(formatProblemLine).join('')
  t.match(shown, 'jobs.d/acme/a\\u{a}b.yaml:1:1: the path has a control')
  t.notMatch(shown, /[\p{Cc}\u202e]/u)
})

t.test("a platform source takes the place of the repository's own platform folder", async (t) => {
  const own = editSmall({ 'jobs.d/platform/connections/extra.yaml': 'broken' })
  const platform = editSmall({
    'jobs.d/platform/connections/sftp.yaml': (text) => text.replace('host: sftp.acme', 'host: other.acme'),
    'jobs.d/acme/eod.yaml': 'not read',
  })
  const config = load(own, { platform: { revision: 'p1', files: platform.files } })
  t.same(config.problems, [])
  t.equal(config.platformRevision, 'p1')
  t.match(compiled(config, 'acme/eod').connections.sftp, { host: 'other.acme.example' })
})

t.test('of two claimants of the one campaign job the incumbent keeps its place', async (t) => {
  const campaign = (name: string, enabled = true) => `apiVersion: jobsd/v1
kind: Job
name: ${name}
title: Campaign
client: acme
scope: client
enabled: ${enabled}
trigger: { type: campaign }
steps: [{ name: tell, type: email, connection: mail, to: [x@acme.example], template: note }]
`
  const files = { 'jobs.d/acme/a.yaml': campaign('a'), 'jobs.d/acme/b.yaml': campaign('b') }
  const losers = (edits: Record<string, string>, incumbents: JobId[]) =>
    load(editSmall({ ...files, ...edits }), {
      incumbents: new Map(incumbents.map((job) => [job, 'campaign'])),
    })
      .problems.filter(({ rule }) => rule === 'one-per-client')
      .map(({ file }) => file)
  t.same(losers({}, []), ['jobs.d/acme/b.yaml'])
  t.same(losers({}, ['acme/b']), ['jobs.d/acme/a.yaml'])
  t.same(losers({}, ['acme/a', 'acme/b']), ['jobs.d/acme/b.yaml'])
  t.same(
    losers({ 'jobs.d/acme/b.yaml': campaign('b', false) }, ['acme/b']),
    [],
    'a disabled one holds no place',
  )
  const broken = campaign('b').replace('title: Campaign', 'titel: Campaign')
  t.same(
    losers({ 'jobs.d/acme/b.yaml': broken }, ['acme/b']),
    ['jobs.d/acme/a.yaml'],
    'its last good version still runs',
  )
  for (const text of ['title: "Campaign', '', '- a\n- b', broken.replace('type: campaign', 'type: manual')])
    t.same(losers({ 'jobs.d/acme/b.yaml': text }, ['acme/b']), ['jobs.d/acme/a.yaml'], JSON.stringify(text))
  const newcomer = { 'jobs.d/acme/a.yaml': broken.replace('name: b', 'name: a') }
  t.same(losers(newcomer, []), [], 'a broken newcomer holds no place')
})
