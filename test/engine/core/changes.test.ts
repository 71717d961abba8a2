import t from 'tap'
import { incumbentsOf, toPlannedSide } from '../../../engine/cli/planned-side.ts'
import type { Effect, EffectKind, Plan } from '../../../engine/core/changes/model.ts'
import { spellPhrase } from '../../../engine/core/changes/phrase.ts'
import { planChanges } from '../../../engine/core/changes.ts'
import { editSmall, load } from '../config/golden.ts'

type Edits = Parameters<typeof editSmall>[0]

const eod = 'jobs.d/acme/eod.yaml'
const policy = 'jobs.d/platform/clients/acme.yaml'
const late = Date.parse('2026-12-21T12:00:00Z')
const small = editSmall({})

/** The plan from one set of edits of the small repository to another. */
function planEdits(before: Edits, after: Edits, nowMs = late): Plan {
  const base = toPlannedSide(load(editSmall(before)))
  return planChanges(base, toPlannedSide(load(editSmall(after), { incumbents: incumbentsOf(base) })), nowMs)
}

function planEdit(edit: (text: string) => string, nowMs = late): Plan {
  return planEdits({}, { [eod]: edit }, nowMs)
}

function tell(plan: Plan): string[] {
  return plan.changes.flatMap(({ job, kind, effects }) => [
    `${kind} ${job}`,
    ...effects.map((effect) => `  ${spellPhrase(effect.phrase)}`),
  ])
}

function effectOf<K extends EffectKind>(plan: Plan, kind: K): Effect & { kind: K } {
  const found = plan.changes.flatMap(({ effects }) => effects).find((effect) => effect.kind === kind)
  if (!found) throw new Error(`the plan has no effect ${kind}`)
  return found as Effect & { kind: K }
}

function eodText(): string {
  return new TextDecoder().decode(small.files.get(eod)!.content)
}

t.test('two equal sides differ in nothing', async (t) => {
  const plan = planEdit((text) => text)
  t.same([plan.changes, plan.shared, plan.problems], [[], [], []])
  t.equal(spellPhrase(plan.blastRadius.phrase), 'no change in behaviour')
})

t.test('comments, the order of keys and of recipients are no change in behaviour', async (t) => {
  for (const edit of [
    (text: string) => `# a comment\n${text}`,
    (text: string) =>
      text.replace('title: End of day\nclient: acme\n', 'client: acme\ntitle: "End of day"\n'),
    (text: string) => text.replace('"30 18 * * 1-5"', '"30 18 * * mon-fri"'),
    (text: string) => text.replace('trigger:', 'enabled: true\ntrigger:'),
    (text: string) => text.replace('    path: /outbound', '    path: /outbound\n    onSuccess: mail'),
  ]) {
    const plan = planEdit(edit)
    t.same(
      plan.changes.map(({ job, kind, effects }) => ({ job, kind, effects })),
      [{ job: 'acme/eod', kind: 'changed', effects: [] }],
    )
    t.equal(spellPhrase(plan.blastRadius.phrase), 'no change in behaviour')
  }
  const order = (list: string) => (text: string) => text.replace('[ops@acme.example]', list)
  const swapped = planEdits(
    { [eod]: order('[a@acme.example, b@acme.example]') },
    { [eod]: order('[b@acme.example, a@acme.example]') },
  )
  t.same(swapped.changes[0]?.effects, [])
})

t.test('a moved schedule shows its next five slots, before and after, with holidays', async (t) => {
  const plan = planEdit((text) => text.replace('30 18 * * 1-5', '0 19 * * 1-5'))
  t.same(tell(plan), [
    'changed acme/eod',
    '  schedule weekdays moves: Monday to Friday at 18:30 America/Chicago (30 18 * * 1-5; us-business: skip) becomes Monday to Friday at 19:00 America/Chicago (0 19 * * 1-5; us-business: skip)',
  ])
  const { before, after } = effectOf(plan, 'schedule-moved')
  t.same(
    before.map(({ local, outcome }) => `${local} ${outcome}`),
    [
      '2026-12-21T18:30:00-06:00 run',
      '2026-12-22T18:30:00-06:00 run',
      '2026-12-23T18:30:00-06:00 run',
      '2026-12-24T18:30:00-06:00 run',
      '2026-12-25T18:30:00-06:00 skipped',
      '2026-12-28T18:30:00-06:00 run',
    ],
  )
  t.match(after[4], { outcome: 'skipped', note: '25 Dec 2026 is a day off: Christmas Day' })
  t.match(after[0], { at: '2026-12-22T01:00:00.000Z', timezone: 'America/Chicago' })
})

t.test('clock changes are told, also those beyond the next five slots', async (t) => {
  const plan = planEdit((text) =>
    text.replace('"30 18 * * 1-5"\n      calendar: us-business', '"30 2 * * *"'),
  )
  const { after, clockChanges } = effectOf(plan, 'schedule-moved')
  t.equal(after.length, 5)
  t.same(
    clockChanges.map(({ local, note }) => `${local} ${note}`),
    ['2027-03-14T03:00:00-05:00 the clock skips 02:30, so it is due right after, at 03:00'],
  )
  const twice = planEdit(
    (text) => text.replace('"30 18 * * 1-5"', '"30 1 * * *"').replace('      calendar: us-business\n', ''),
    Date.parse('2026-10-31T12:00:00Z'),
  )
  t.match(
    effectOf(twice, 'schedule-moved').after[0]?.note,
    'the clock shows 01:30 twice, it is due the first time',
  )
})

t.test('schedules come and go, and a calendar or the zone of the client moves them', async (t) => {
  const more = planEdit((text) =>
    text.replace(
      'steps:',
      '    - name: noon\n      cron: "0 12 * * *"\n      catchUp: none\nsteps:'.replace(/^ {4}/, '    '),
    ),
  )
  t.equal(effectOf(more, 'schedule-added').after.length, 5)
  t.same(effectOf(more, 'schedule-added').before, [])
  const calendar = planEdits(
    {},
    { 'jobs.d/platform/calendars/us-business.yaml': (text) => text.replace('2026-12-25', '2026-12-24') },
  )
  t.same(tell(calendar), [
    'changed acme/eod',
    '  schedule weekdays moves: its calendar us-business changed',
    '  calendar us-business is changed: holidays[2026-12-25]: {"date":"2026-12-25","title":"Christmas Day"} is gone and 1 more',
  ])
  const zone = planEdits({}, { 'jobs.d/acme/client.yaml': (text) => text.replace('Chicago', 'New_York') })
  t.equal(effectOf(zone, 'schedule-moved').after[0]?.local, '2026-12-21T18:30:00-05:00')
  t.same(zone.shared[0]?.jobs, ['acme/eod'])
})

t.test('recipients are gained and lost by step and field; a new domain is told', async (t) => {
  const plan = planEdits(
    {},
    {
      [eod]: (text) =>
        text.replace('to: [ops@acme.example]', 'to: [new@partner.example]\n    bcc: [ops@acme.example]'),
      [policy]: (text) => text.replace('[acme.example]', '[acme.example, partner.example]'),
    },
  )
  t.same(tell(plan), [
    'changed acme/eod',
    '  recipient new@partner.example is gained: step mail, to (new domain)',
    '  recipient ops@acme.example is gained: step mail, bcc',
    '  recipient ops@acme.example is lost: step mail, to',
  ])
  t.equal(
    spellPhrase(plan.blastRadius.phrase),
    '1 job changed; 1 recipient gained (new@partner.example, new domain); touches 1 of 1 client',
    'who is moved within a job is neither gained nor lost',
  )
  t.match(plan.shared, [{ file: policy, jobs: [] }], 'what is only allowed reaches no job')
})

t.test('the graph is shown before and after where it changes', async (t) => {
  const plan = planEdit((text) =>
    text
      .replace('    path: /outbound', '    path: /outbound\n    onFailure: mail')
      .replace('type: ftp-out-copy', 'type: cloud-copy')
      .replace('connection: sftp', 'connection: s3')
      .replace('path: /outbound', 'prefix: calls/')
      .concat('  - name: again\n    type: cloud-copy\n    from: build\n    connection: s3\n    prefix: b/\n'),
  )
  t.same(tell(plan), [
    'changed acme/eod',
    '  step upload becomes cloud-copy, it was ftp-out-copy',
    '  step upload leads to mail after failure, it was fail',
    '  step mail leads to again after success, it was end',
    '  step again (cloud-copy) is added',
    '  target s3:calls/{client}_{callCenter}_{period.end:yyyyMMdd}.csv is gained: step upload',
    '  target s3:b/{client}_{callCenter}_{period.end:yyyyMMdd}.csv is gained: step again',
    '  target sftp:/outbound/{client}_{callCenter}_{period.end:yyyyMMdd}.csv is lost: step upload',
    '  connection s3 is used from now on',
    '  connection sftp is no longer used',
  ])
  t.same(plan.changes[0]?.graph, {
    before: [
      'build (report) -> upload, on failure fail',
      'upload (ftp-out-copy) -> mail, on failure fail',
      'mail (email) -> end, on failure fail',
    ],
    after: [
      'build (report) -> upload, on failure fail',
      'upload (cloud-copy) -> mail, on failure mail',
      'mail (email) -> again, on failure fail',
      'again (cloud-copy) -> end, on failure fail',
    ],
  })
})

t.test('no setting of a job can change without being told', async (t) => {
  const everything = (text: string) =>
    text
      .replace('trigger:', 'callCenters: [dallas, tampa]\ndescription: words\ntrigger:')
      .replace(
        '    path: /outbound',
        '    path: /outbound\n    overwrite: fail\n    retry: { maxAttempts: 5, delay: 30s }',
      )
      .replace(
        '    template: note',
        '    template: note\n    cc: [a@acme.example]\n    subject: S\n    onTooLarge: link\n    linkConnection: s3\n    linkFor: 3d\n    timeout: 5m',
      )
      .concat(
        '  - name: fetch\n    type: cloud-fetch\n    connection: s3\n    prefix: a/\n    match: b\n    newest: 1\n    maxFiles: 2\n    onEmpty: skip\n',
        '  - name: store\n    type: cloud-copy\n    from: fetch\n    connection: s3\n    prefix: b/\n    tags: { day: x }\n',
      )
      .replace('      calendar:', '      catchUp: all\n      catchUpWindow: 2d\n      calendar:')
  const side = toPlannedSide(load(editSmall({ [eod]: everything })))
  const job = side.jobs.get('acme/eod')!
  const snapshot = job.snapshot!
  // A job's identity, and what is told by the compiled schedules: their cron text may differ and say the same.
  const silent = /^(manifest\.(name|client|trigger\.schedules)|schedules\.0\.(cron|calendar\.))/
  const places = leavesOf({ manifest: snapshot.manifest, schedules: snapshot.schedules })
  t.ok(places.length > 50)
  for (const place of places.filter((each) => !silent.test(each))) {
    const changed = structuredClone(snapshot)
    alterLeaf(changed, place.split('.'))
    const after = { ...job, text: `${job.text}#`, snapshot: changed }
    const { changes } = planChanges(side, { ...side, jobs: new Map([['acme/eod', after]]) }, late)
    t.not(changes[0]?.effects.length, 0, place)
  }
})

/** The paths of all plain values in a value. */
function leavesOf(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object') return [path]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path ? `${path}.${key}` : key))
}

function alterLeaf(value: object, path: string[]): void {
  const last = path.pop() as string
  const holder = path.reduce((inner, key) => Reflect.get(inner, key), value)
  const old: unknown = Reflect.get(holder, last)
  const altered = last === 'timezone' ? 'Asia/Tokyo' : typeof old === 'number' ? old + 1 : `${old}x`
  Reflect.set(holder, last, typeof old === 'boolean' ? !old : altered)
}

t.test('a list in another order is told where the order matters', async (t) => {
  const folder = 'templates/reports/call/call-detail'
  const lines = [
    '  - { name: call_id, title: Call ID, type: text }\n',
    '  - { name: seconds, title: Seconds, type: integer }\n',
  ]
  const plan = planEdits(
    {},
    {
      [`${folder}/report.yaml`]: (text) => text.replace(lines.join(''), [...lines].reverse().join('')),
      [`${folder}/query.sql`]: (text) => text.replace('call_id, seconds', 'seconds, call_id'),
    },
  )
  t.same(plan.shared[0]?.jobs, ['acme/eod'])
  t.match(
    spellPhrase(plan.shared[0]?.differences[0] ?? []),
    /^columns: \[\{"name":"call_id".* is now \[\{"name":"seconds"/,
  )
})

t.test('call centers, enabled, the trigger and every other setting are told', async (t) => {
  t.same(
    tell(planEdit((text) => text.replace('trigger:', 'callCenters: [dallas]\nenabled: false\ntrigger:'))),
    [
      'changed acme/eod',
      '  the job is disabled: it never starts by itself',
      '  call center tampa has no run any more',
    ],
  )
  const campaign = (text: string) =>
    text.replace(/trigger:[\s\S]*steps:/, 'trigger: { type: campaign }\nsteps:')
  t.same(tell(planEdit(campaign)).slice(0, 2), [
    'changed acme/eod',
    '  trigger type campaign, it was scheduled',
  ])
  const settings = planEdit((text) =>
    text
      .replace('period: day-so-far', 'period: month')
      .replace('title: End of day', 'title: Month')
      .replace('    path: /outbound', '    path: /outbound\n    retry: { maxAttempts: 5 }')
      .replace('      calendar: us-business', '      calendar: us-business\n      catchUp: all'),
  )
  t.same(tell(settings), [
    'changed acme/eod',
    '  schedule weekdays: catchUp: latest is now all',
    '  step build: period: day-so-far is now month',
    '  step upload: retry: {"maxAttempts":5} is new',
    '  the job: title: End of day is now Month',
  ])
})

t.test('a removed job is one effect that says what ends; an added one says what begins', async (t) => {
  const removed = planEdits({}, { [eod]: null })
  t.same(tell(removed), [
    'removed acme/eod',
    '  the job is removed and runs no more; what it did so far stays in the history',
  ])
  t.match(effectOf(removed, 'job-removed'), {
    schedules: ['weekdays: Monday to Friday at 18:30 America/Chicago'],
    recipients: ['ops@acme.example'],
    targets: ['sftp:/outbound/{client}_{callCenter}_{period.end:yyyyMMdd}.csv'],
  })
  t.equal(
    spellPhrase(removed.blastRadius.phrase),
    '1 job removed; 1 recipient lost (ops@acme.example); touches 1 of 1 client',
  )
  const added = planEdits({ [eod]: null }, {})
  t.equal(added.changes[0]?.kind, 'added')
  t.same(
    added.changes[0]?.effects.map(({ kind }) => kind),
    [
      'trigger-set',
      'schedule-added',
      'recipient-gained',
      'target-gained',
      'connection-gained',
      'connection-gained',
    ],
  )
  t.equal(added.changes[0]?.graph?.before.length, 0)
})

t.test('a new name with previousName is a rename, and only the difference is told', async (t) => {
  const renamed = eodText().replace('name: eod', 'name: evening\npreviousName: eod')
  const plan = planEdits({}, { [eod]: null, 'jobs.d/acme/evening.yaml': renamed })
  t.same(tell(plan), ['renamed acme/evening', '  the job is renamed, it was acme/eod'])
  t.equal(plan.changes[0]?.previously, 'acme/eod')
  const both = planEdits(
    {},
    {
      'jobs.d/acme/evening.yaml': renamed.replace('{client}_{', 'evening_{').replace('/outbound', '/evening'),
    },
  )
  t.same(
    both.changes.map(({ kind }) => kind),
    ['added'],
    'no rename while the old one is still there',
  )
})

t.test('a job that stops compiling keeps what it did, and says why', async (t) => {
  const broken = (text: string) => text.replace('ops@acme.example', 'ops@elsewhere.example')
  const plan = planEdit(broken)
  t.match(
    tell(plan)[1],
    /does not compile, so its last good version stays in force: jobs.d\/acme\/eod.yaml:\d+/,
  )
  t.equal(plan.changes[0]?.verdict.valid, false)
  t.same(
    plan.problems.map(({ rule, isNew }) => ({ rule, isNew })),
    [{ rule: plan.changes[0]?.verdict.problems[0]?.rule, isNew: true }],
  )
  t.equal(spellPhrase(plan.blastRadius.phrase), '1 job changed; touches 1 of 1 client')
  const mended = planEdits({ [eod]: broken }, {})
  t.same([mended.problems.length, mended.mended.length], [0, 1])
  t.match(tell(mended)[1], 'compiles again')
  const moved = planEdits({ [eod]: broken }, { [eod]: (text) => `# one line down\n${broken(text)}` })
  t.same([moved.problems[0]?.isNew, moved.mended.length], [false, 0], 'a problem that moved is not new')
})

t.test('of two campaign jobs the one that was there keeps its place', async (t) => {
  const campaign = (name: string) =>
    eodText()
      .replace('name: eod', `name: ${name}`)
      .replace(/trigger:[\s\S]*steps:/, 'trigger: { type: campaign }\nsteps:')
      .replace('/outbound', `/${name}`)
  const plan = planEdits(
    { [eod]: null, 'jobs.d/acme/zz.yaml': campaign('zz') },
    { [eod]: null, 'jobs.d/acme/zz.yaml': campaign('zz'), 'jobs.d/acme/aa.yaml': campaign('aa') },
  )
  t.match(plan.changes, [
    { job: 'acme/aa', kind: 'added', verdict: { valid: false, problems: [{ rule: 'one-per-client' }] } },
  ])
})

t.test('shared files tell what changed and which jobs it reaches', async (t) => {
  const other = eodText().replace('name: eod', 'name: other').replace('/outbound', '/other')
  const withOther = { 'jobs.d/acme/other.yaml': other.replace(/ {2}- name: upload[\s\S]*/, '') }
  const plan = planEdits(withOther, {
    ...withOther,
    'jobs.d/platform/connections/sftp.yaml': (text) => text.replace(/host: .*/, 'host: elsewhere.example'),
    'templates/mail/note/subject.hbs': 'Another subject',
    'jobs.d/acme/templates/mail/unused/text.hbs': 'not used',
    'templates/reports/call/call-detail/query.sql': (text) => `${text.trim()}\n-- more\n`,
    'jobs.d/platform/settings.yaml': (text) => `${text}maxRuns: 3\n`,
  })
  t.same(
    plan.shared.map(({ kind, name, change, jobs }) => ({ kind, name, change, jobs })),
    [
      { kind: 'mail', name: 'unused', change: 'added', jobs: [] },
      { kind: 'connection', name: 'sftp', change: 'changed', jobs: ['acme/eod'] },
      { kind: 'settings', name: 'settings', change: 'changed', jobs: [] },
      { kind: 'mail', name: 'note', change: 'changed', jobs: ['acme/eod'] },
      { kind: 'report', name: 'call/call-detail', change: 'changed', jobs: ['acme/eod', 'acme/other'] },
    ],
  )
  t.match(
    tell(plan).join('\n'),
    'connection sftp is changed: host: sftp.acme.example is now elsewhere.example',
  )
})
