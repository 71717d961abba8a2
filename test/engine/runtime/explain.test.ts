import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqliteLedger } from '../../../engine/adapters/ledger/sqlite.ts'
import { parseCron } from '../../../engine/config/cron.ts'
import type { DueRecord, SlotRecord } from '../../../engine/core/contracts/ledger.ts'
import type { Hold } from '../../../engine/core/contracts/sync.ts'
import { whyUnwanted } from '../../../engine/core/drop-names.ts'
import type { Calendar, DropFolder } from '../../../engine/core/manifest.ts'
import type { CompiledSchedule, JobRecord, RunFile, Snapshot, Trigger } from '../../../engine/core/model.ts'
import { toDueRecord } from '../../../engine/runtime/due.ts'
import { explain, type Question } from '../../../engine/runtime/explain.ts'
import { createSnapshot, createStep } from '../../fakes/snapshot.ts'

const job = 'acme/eod-call-detail'
const calendar: Calendar = {
  apiVersion: 'jobsd/v1',
  kind: 'Calendar',
  name: 'us-business',
  title: 'US business days',
  weekends: ['sat', 'sun'],
  holidays: [{ date: '2026-11-26', title: 'Thanksgiving Day' }],
}
const digests = { old: 'a'.repeat(64), new: 'b'.repeat(64) }

function scheduleOf(cron: string, changes: Partial<CompiledSchedule> = {}): CompiledSchedule {
  const parsed = parseCron(cron)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return {
    name: 'weekdays',
    cron,
    timezone: 'America/Chicago',
    calendar,
    onHoliday: 'skip',
    catchUp: 'latest',
    catchUpWindowMs: 86_400_000,
    fields: parsed.fields,
    ...changes,
  }
}

interface Known {
  now?: string
  record?: Partial<JobRecord>
  held?: Hold[]
  schedule?: CompiledSchedule
  trigger?: Trigger
  enabled?: boolean
}

/** A job since 1 November; its real ledger holds slots, runs and files, what is in force the test says. */
function createStage(t: Test, known: Known = {}) {
  const ledger = openSqliteLedger(join(t.testdir({}), 'ledger.db'))
  t.teardown(() => ledger.close())
  const base = createSnapshot()
  const bodyOf = (digest: string, schedule: CompiledSchedule): Snapshot => ({
    ...base,
    digest,
    schedules: known.trigger ? [] : [schedule],
    manifest: {
      ...base.manifest,
      scope: 'client',
      enabled: known.enabled ?? true,
      trigger: known.trigger ?? { type: 'scheduled', schedules: [] as never },
      steps: [createStep({ name: 'build', type: 'report' } as never)],
    },
  })
  const schedule = known.schedule ?? scheduleOf('30 18 * * 1-5')
  const versions = [
    {
      job,
      revision: 'r1',
      snapshot: digests.old,
      at: '2026-11-01T12:00:00.000Z',
      body: bodyOf(digests.old, schedule),
    },
  ] as const
  const list: { job: typeof job; revision: string; snapshot: string; at: string; body: Snapshot }[] = [
    ...versions,
  ]
  const record: JobRecord = {
    job,
    client: 'acme',
    snapshot: digests.old,
    appliedRevision: 'r1',
    attemptedRevision: 'r1',
    sync: 'Synced',
    message: '',
    firstAppliedAt: '2026-11-01T12:00:00.000Z',
    removedAt: null,
    ...known.record,
  }
  const since: Record<string, string> = { weekdays: '2026-11-01T12:00:00.000Z' }
  const parts = {
    ledger: {
      jobs: async () => [record],
      jobVersions: async () => list.map(({ body: _body, ...version }) => version),
      snapshots: async (wanted: string[]) =>
        list.map(({ body }) => body).filter(({ digest }) => wanted.includes(digest)),
      holds: async () => known.held ?? [],
      slotFacts: async (of: typeof job, at: string) => ({ ...(await ledger.slotFacts(of, at)), since }),
      takenFiles: ledger.takenFiles,
      seenFiles: ledger.seenFiles,
      events: ledger.events,
      run: ledger.run,
    },
    whyUnwanted,
    now: () => new Date(known.now ?? '2026-11-25T12:00:00Z'),
  }
  return {
    ledger,
    since,
    /** Changes the schedule, as a newer version that came into force then. */
    change(at: string, changed: CompiledSchedule): void {
      list.unshift({ job, revision: 'r2', snapshot: digests.new, at, body: bodyOf(digests.new, changed) })
      since.weekdays = at
    },
    async due(changes: Partial<DueRecord>): Promise<string> {
      const given = { key: 'k', slot: '', schedule: 'weekdays', event: null, file: null, callCenter: null }
      const whole = toDueRecord(versions[0].body, 'r1', { ...given, type: 'scheduled' }, changes.slot ?? '')
      const [id = ''] = await ledger.recordDue({ ...whole, ...changes })
      return id
    },
    pass: (at: string, outcome: SlotRecord['outcome'], note: string) =>
      ledger.recordSlots([{ job, schedule: 'weekdays', at, callCenter: null, outcome, note, runId: null }]),
    ask: (question: Question, of: string = job) => explain(parts, of, question),
    sentence: async (slot: string) => {
      const { answer, sentence } = await explain(parts, job, { slot })
      return `${answer}: ${sentence.replace(`${job} `, '')}`
    },
  }
}

const friday = { local: '2026-11-20T18:30', at: '2026-11-21T00:30:00.000Z' }
const suspended: Hold = {
  job,
  kind: 'suspended',
  pin: null,
  who: 'olga',
  why: 'their mailbox is full',
  at: '2026-11-24T09:00:00.000Z',
}

t.test('a slot that ran is told with its run and deliveries', async (t) => {
  const { due, ask, ledger } = createStage(t)
  const id = await due({ slot: friday.at, now: '2026-11-21T00:30:00.200Z' })
  t.match(await ask({ slot: friday.local }), {
    answer: 'ran',
    sentence: `${job} ran for 2026-11-20T18:30:00-06:00: run ${id} is queued, nothing delivered`,
  })
  const guard = { runId: id, token: (await ledger.claimRun(id, friday.at))!.token }
  await ledger.beginStep(guard, 'build', 'report', friday.at)
  const delivery = { runId: id, step: 'build', artifact: null }
  for (const name of ['a', 'b']) {
    await ledger.intendDelivery(guard, { ...delivery, id: name, target: `sftp:x:/${name}` }, friday.at)
  }
  await ledger.markDelivery(guard, 'a', 'confirmed', 'put', friday.at)
  const failure = { code: 'AUTH_REFUSED', message: 'acme-sftp refused the credentials' }
  const end = {
    seq: 1,
    outcome: 'failed',
    note: '',
    error: failure,
    files: [],
    next: { end: 'failed' },
  } as const
  await ledger.endStep(guard, { ...end, alert: null, now: '2026-11-21T00:31:00.000Z' } as never)
  const found = await ask({ slot: '2026-11-21T00:30:00Z' })
  t.equal(
    found.sentence,
    `${job} ran for 2026-11-20T18:30:00-06:00: run ${id} failed at 2026-11-21T00:31:00.000Z, 1 of 2 deliveries confirmed`,
  )
  t.same(
    found.evidence.map(({ kind, run }) => `${kind} ${run === id ? 'of the run' : ''}`.trim()),
    ['slot of the run', 'run of the run', 'delivery of the run', 'delivery of the run', 'schedule'],
  )
  t.match(found.evidence[1]?.text, /step build: AUTH_REFUSED: acme-sftp refused the credentials$/)
  t.match(found.evidence.at(-1)?.text, 'schedule weekdays has it: 30 18 * * 1-5 in America/Chicago')
})

t.test('a slot that was caught up says how late', async (t) => {
  const { due, sentence } = createStage(t)
  const id = await due({ slot: friday.at, now: '2026-11-21T03:40:00.000Z' })
  t.equal(
    await sentence(friday.local),
    `caught-up: caught up on 2026-11-20T18:30:00-06:00, 3h 10m late: run ${id} is queued, nothing delivered`,
  )
})

t.test('a slot that was passed over says why', async (t) => {
  const { pass, sentence } = createStage(t)
  await pass(friday.at, 'missed', 'missed: a later slot was run instead')
  t.equal(
    await sentence(friday.local),
    'missed: did not run for 2026-11-20T18:30:00-06:00; missed: a later slot was run instead',
  )
  await pass('2026-11-20T00:30:00.000Z', 'skipped', 'suspended by olga: their mailbox is full')
  t.equal(
    await sentence('2026-11-19T18:30'),
    'skipped: did not run for 2026-11-19T18:30:00-06:00; skipped: suspended by olga: their mailbox is full',
  )
  await pass('2026-11-19T00:30:00.000Z', 'skipped', 'run 0123456789abcdef holds the group nightly')
  t.match(await sentence('2026-11-18T18:30'), /skipped: run 0123456789abcdef holds the group nightly$/)
})

t.test('a run by hand for a slot, and a repeat, are told too', async (t) => {
  const { pass, due, sentence } = createStage(t)
  await pass(friday.at, 'missed', 'missed: catchUp is none')
  const id = await due({
    slot: friday.at,
    trigger: { type: 'manual', key: 'x' },
    schedule: null,
    now: '2026-11-22T00:00:00.000Z',
  })
  t.equal(
    await sentence(friday.local),
    `missed: did not run for 2026-11-20T18:30:00-06:00; missed: catchUp is none; by hand: run ${id} is queued, nothing delivered`,
  )
})

t.test('a day off is told by the calendar, also before it comes', async (t) => {
  const { sentence } = createStage(t, { now: '2026-11-28T00:00:00Z' })
  const told = '2026-11-26T18:30:00-06:00; skipped: 26 Nov 2026 is a day off: Thanksgiving Day'
  t.equal(await sentence('2026-11-26T18:30'), `skipped: did not run for ${told}`)
  t.equal(await createStage(t).sentence('2026-11-26T18:30'), `skipped: will not run for ${told}`)
})

t.test('what was moved says where to', async (t) => {
  const next = createStage(t, { schedule: scheduleOf('30 18 * * 4', { onHoliday: 'next' }) })
  t.equal(
    await next.sentence('2026-11-26T18:30'),
    'not-due: is not due at 2026-11-26T18:30:00-06:00: it is due at 2026-11-27T18:30:00-06:00 instead: moved from Thursday 26 Nov 2026',
  )
  const gap = createStage(t, {
    schedule: scheduleOf('30 2 * * *', { calendar: null }),
    now: '2027-03-20T00:00:00Z',
  })
  const at = '2027-03-14T08:00:00.000Z'
  const id = await gap.due({ slot: at, now: at })
  t.equal(
    await gap.sentence('2027-03-14T02:30'),
    `ran: ran for 2027-03-14T03:00:00-05:00 (the clock skips 02:30, so it is due right after, at 03:00): run ${id} is queued, nothing delivered`,
  )
})

t.test('what no schedule has is told with the slots beside it', async (t) => {
  const { sentence } = createStage(t)
  t.equal(
    await sentence('2026-11-20T18:31'),
    'not-due: was not due at 2026-11-20T18:31:00-06:00: its schedules have no such moment, the one before is 2026-11-20T18:30:00-06:00, the one after is 2026-11-23T18:30:00-06:00',
  )
  t.match(
    await createStage(t, { trigger: { type: 'manual' } }).sentence('2026-11-20T18:30'),
    'its trigger is manual, so it has no due moments',
  )
})

t.test('a job owes nothing before it was applied, while disabled, or after it is gone', async (t) => {
  t.match(
    await createStage(t).sentence('2026-10-30T18:30'),
    'not-due: was not due at 2026-10-30T18:30:00-05:00: it was first applied only at 2026-11-01T12:00:00.000Z',
  )
  t.match(await createStage(t, { enabled: false }).sentence(friday.local), /its manifest disabled it$/)
  const removedAt = '2026-11-19T00:00:00.000Z'
  t.match(
    await createStage(t, { record: { removedAt } }).sentence(friday.local),
    `it was removed at ${removedAt}`,
  )
})

t.test('a schedule that was changed is judged by the version of that time', async (t) => {
  const { change, sentence } = createStage(t)
  change('2026-11-20T12:00:00.000Z', scheduleOf('0 19 * * 1-5'))
  t.match(
    await sentence('2026-11-19T19:00'),
    /^not-due: .* the one before is 2026-11-19T18:30:00-06:00, the one after is 2026-11-20T19:00:00-06:00; the version of 2026-11-20T12:00:00.000Z has that moment, but was not in force then$/,
  )
  t.match(
    await sentence(friday.local),
    /^not-due: .*the one before is 2026-11-19T18:30:00-06:00, the one after is 2026-11-20T19:00:00-06:00; the version of 2026-11-01/,
  )
  t.match(
    await sentence('2026-11-19T18:30'),
    'not-due: was not due at 2026-11-19T18:30:00-06:00: schedule weekdays came into force or was changed at 2026-11-20T12:00:00.000Z, and owes nothing before that',
  )
  t.match(
    await sentence('2026-11-23T18:30'),
    /the one before is 2026-11-20T19:00:00-06:00, the one after is 2026-11-23T19:00:00-06:00; /,
  )
})

t.test('a slot that nobody looked at yet, and one to come', async (t) => {
  const { sentence } = createStage(t)
  t.equal(
    await sentence('2026-11-24T18:30'),
    'undecided: was due at 2026-11-24T18:30:00-06:00, and nothing is recorded: no engine has looked yet; when one does, catchUp latest within 1d decides whether it runs or is missed',
  )
  t.equal(await sentence('2026-11-25T18:30'), 'to-come: will run at 2026-11-25T18:30:00-06:00')
  t.equal(
    await createStage(t, { held: [suspended] }).sentence('2026-11-25T18:30'),
    'to-come: is due at 2026-11-25T18:30:00-06:00, and will be skipped unless it is resumed: suspended by olga: their mailbox is full',
  )
})

t.test('a job that is not there, and what is no moment, are refused', async (t) => {
  const { ask } = createStage(t)
  await t.rejects(ask({ slot: friday.local }, 'acme/eod-call-detials'), {
    code: 'JOB_UNKNOWN',
    message: /did you mean "?acme\/eod-call-detail/,
  })
  await t.rejects(ask({ slot: 'friday' }), { code: 'BAD_REQUEST', message: /^friday is no moment such as/ })
})

const folders: Trigger = {
  type: 'ftp-in',
  folders: [
    { connection: 'acme-drop', path: '/in', match: ['*.csv'], ignore: ['test*'] },
    { connection: 'acme-drop', path: '/fast', complete: 'renamed', every: '1m' },
  ] as DropFolder[],
} as Trigger

const dropped = (path: string, sha256: string) => ({
  sha256,
  size: 5,
  fileName: path.slice(path.lastIndexOf('/') + 1),
  mediaType: 'text/csv',
  rows: null,
  period: null,
  origin: { connection: 'acme-drop', path },
})

t.test('a file that was taken is told with its run, its content, and where it went', async (t) => {
  const { due, ask, ledger } = createStage(t, { trigger: folders })
  const take = (path: string, at: string, sha256 = 'c'.repeat(64)) =>
    due({
      trigger: { type: 'ftp-in', key: `acme-drop:${path}:5:${at}` },
      file: dropped(path, sha256) satisfies Omit<RunFile, 'step'>,
      schedule: null,
      slot: at,
      now: at,
    })
  await take('/in/old.csv', '2026-11-20T10:00:00.000Z')
  await take('/in/a.csv', '2026-11-21T10:00:00.000Z', 'e'.repeat(64))
  const id = await take('/in/a.csv', '2026-11-22T10:00:00.000Z')
  const guard = { runId: id, token: (await ledger.claimRun(id, friday.at))!.token }
  await ledger.beginStep(guard, 'tidy', 'delete-file', friday.at)
  const other = { outcome: 'succeeded', note: '/found/b.csv deleted', error: null, files: [] } as const
  await ledger.endStep(guard, {
    seq: 1,
    ...other,
    next: { step: 'archive' },
    alert: null,
    now: friday.at,
  } as never)
  await ledger.beginStep(guard, 'archive', 'move-file', friday.at)
  const end = {
    seq: 2,
    outcome: 'succeeded',
    note: '/in/a.csv moved to /done/a.csv',
    error: null,
    files: [],
  } as const
  await ledger.endStep(guard, {
    ...end,
    next: { end: 'succeeded' },
    alert: null,
    now: '2026-11-22T10:00:01.000Z',
  } as never)
  const found = await ask({ file: '/in/a.csv' })
  t.match(found, {
    answer: 'taken',
    sentence: `${job} took /in/a.csv at 2026-11-22T10:00:00.000Z (5 bytes, sha256 cccccccccccc): run ${id} succeeded at 2026-11-22T10:00:01.000Z, nothing delivered; /in/a.csv moved to /done/a.csv; the same content was also taken from /in/old.csv at 2026-11-20T10:00:00.000Z; it is the newest of 2 files from that path`,
  })
  t.same(
    found.evidence.filter(({ kind }) => kind === 'file').map(({ at }) => at),
    ['2026-11-22T10:00:00.000Z', '2026-11-21T10:00:00.000Z', '2026-11-20T10:00:00.000Z'],
  )
  t.equal((await ask({ file: 'in/a.csv' })).answer, 'taken', 'a path is one from the root')
})

t.test(
  'a file that was never taken is told with the rule that leaves it, or what it waits for',
  async (t) => {
    const { ask } = createStage(t, { trigger: folders })
    const tell = async (file: string) => {
      const { answer, sentence } = await ask({ file })
      return `${answer}: ${sentence.split(': ').slice(1).join(': ')}`
    }
    t.equal(await tell('/in/a.txt'), 'ignored: its name does not match *.csv')
    t.equal(await tell('/in/test1.csv'), 'ignored: its name is ignored by test*')
    t.match(await tell('/in/a.csv.part'), /^ignored: its name is that of a file still being written/)
    t.match(await tell('/fast/.a.csv'), /^ignored: its name is that of a file still being written/)
    t.equal(
      await tell('/in/sub/a.csv'),
      'never-seen: it watches acme-drop:/in and acme-drop:/fast, and nothing below them',
    )
    t.equal(
      await tell('/in/a.csv'),
      'waiting: what lies in acme-drop:/in under that name is taken once it was seen unchanged three times and for 30 s, every 10s',
    )
    t.equal(
      await tell('/fast/a.csv'),
      'waiting: what lies in acme-drop:/fast under that name is taken at the next look, every 1m',
    )
    t.same(
      (await ask({ file: '/in/a.txt' })).evidence.map(({ text }) => text),
      [
        'acme-drop:/in is watched for *.csv, but not test*, every 10s',
        'acme-drop:/fast is watched for *, every 1m',
      ],
    )
  },
)

t.test('files of a job that is held, idle, or watches nothing', async (t) => {
  const tell = async (known: Known) => {
    const { answer, sentence } = await createStage(t, known).ask({ file: '/in/a.csv' })
    return `${answer}: ${sentence}`
  }
  t.match(
    await tell({ trigger: folders, held: [suspended] }),
    'waiting: acme/eod-call-detail never took /in/a.csv: suspended by olga: their mailbox is full; its files stay where they are until it is resumed',
  )
  t.match(await tell({}), /^never-seen: .*its trigger is scheduled, so it watches no folder$/)
  t.match(await tell({ trigger: folders, enabled: false }), /^never-seen: .*disabled by its manifest$/)
})
