import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { lockDataFolder } from '../../engine/adapters/data-folder.ts'
import { openSqliteLedger } from '../../engine/adapters/ledger/sqlite.ts'
import type { StepAlert } from '../../engine/core/contracts/alerts.ts'
import type { DueRecord, Ledger, StepEnd } from '../../engine/core/contracts/ledger.ts'
import type { Applied, JobChange, Sync } from '../../engine/core/contracts/sync.ts'
import type { JobId, Snapshot } from '../../engine/core/model.ts'
import { createSnapshot } from '../fakes/snapshot.ts'

const job: JobId = 'acme/eod-call-detail'
const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 12, 0, second)).toISOString()

function createDue(changes: Partial<DueRecord> = {}): DueRecord {
  return {
    job,
    trigger: { type: 'scheduled', key: `weekdays@${at(0)}` },
    slot: at(0),
    schedule: 'weekdays',
    event: null,
    file: null,
    callCenters: ['dallas', 'tampa'],
    snapshot: 'd'.repeat(64),
    revision: 'r1',
    firstStep: 'build',
    dryRun: false,
    group: null,
    now: at(1),
    ...changes,
  }
}

const failed = {
  facts: {
    job: { id: job, title: 'EOD' },
    client: { name: 'acme', title: 'Acme', timezone: 'America/Chicago' },
    callCenter: null,
    run: { id: 'x', slot: at(0), revision: 'r1' },
    step: { name: 'upload', type: 'ftp-out-copy', attempts: 1 },
  },
  failure: {
    error: { code: 'AUTH_REFUSED', message: 'no', hint: '' },
    next: 'The run has failed.',
  },
  everyNth: 10,
  copies: [],
  countsInRow: true,
} satisfies StepAlert

function createEnd(changes: Partial<StepEnd> = {}): StepEnd {
  return {
    seq: 1,
    outcome: 'succeeded',
    note: '',
    error: null,
    files: [],
    next: { end: 'succeeded' },
    alert: null,
    now: at(9),
    ...changes,
  }
}

function createApplied(revision: string, changes: JobChange[], now: string): Applied {
  return {
    revision,
    changes,
    removed: [],
    ended: [],
    operators: { settings: null, route: null, policies: [] },
    sync: createSync({ revision, startedAt: now, endedAt: now }),
  }
}

function createSync(changes: Partial<Sync>): Sync {
  const counts = { added: 0, changed: 0, renamed: 0, removed: 0, kept: 0, invalid: 0, unchanged: 0 }
  return {
    revision: 'r1',
    outcome: 'applied',
    reason: 'Applied',
    message: '',
    counts,
    commit: null,
    startedAt: at(0),
    endedAt: at(0),
    durationMs: 0,
    times: 1,
    ...changes,
  }
}

/** The promises of the ledger contract, for any implementation. */
function describeLedger(
  name: string,
  open: (t: Test) => { ledger: Ledger; reopen(): Promise<Ledger> },
): void {
  t.test(`${name}: the same due thing a second time starts nothing`, async (t) => {
    const { ledger } = open(t)
    const first = await ledger.recordDue(createDue())
    t.equal(first.length, 2, 'one run a call center')
    t.same(await ledger.recordDue(createDue({ now: at(5) })), [])
    t.same((await ledger.unfinishedRuns()).map((run) => run.callCenter).sort(), ['dallas', 'tampa'])
    const both = await Promise.all(
      [
        createDue({ trigger: { type: 'manual', key: 'a' } }),
        createDue({ trigger: { type: 'manual', key: 'a' } }),
      ].map(ledger.recordDue),
    )
    t.same(both.map((ids) => ids.length).sort(), [0, 2], 'also when both come in one batch')
  })

  t.test(`${name}: what becomes due is begun with its record as a claim would have begun it`, async (t) => {
    const { ledger, reopen } = open(t)
    const attempt = { name: 'build', type: 'report' } as const
    const [dallas = '', tampa = ''] = await ledger.recordDue(createDue())
    const claimed = await ledger.claimRun(dallas, at(1), attempt)
    const due = createDue({ trigger: { type: 'manual', key: 'm' } })
    const asked: string[] = []
    const { runIds, begun } = await ledger.recordAndBegin(due, (runId) => {
      asked.push(runId)
      return asked.length === 1 ? attempt : undefined
    })
    t.same(asked, runIds)
    t.same(
      begun.map(({ id }) => id),
      runIds.slice(0, 1),
    )
    t.same(
      { ...begun[0], id: dallas, trigger: claimed?.trigger, steps: [] },
      { ...claimed, schedule: begun[0]?.schedule, steps: [] },
    )
    t.match(begun[0]?.steps, [{ seq: 1, name: 'build', outcome: 'running', attempts: 1, deliveries: [] }])
    const kept = await reopen()
    t.same(await kept.run(runIds[0] as string), begun[0], 'it is told as it is kept')
    t.match(await kept.run(runIds[1] as string), { state: 'queued', token: 0, steps: [] })
    t.same(
      (await kept.waitingRuns()).map(({ id, hasBegun }) => [id, hasBegun]).sort(),
      [
        [dallas, true],
        [tampa, false],
        [runIds[0], true],
        [runIds[1], false],
      ].sort(),
    )
    const guard = { runId: runIds[0] as string, token: 1 }
    await kept.endStep(guard, createEnd({ next: { end: 'succeeded' } }))
    t.same(await kept.recordAndBegin(due, () => t.fail('it is known') as never), { runIds: [], begun: [] })
    t.equal((await kept.claimRun(runIds[1] as string, at(3), attempt))?.token, 1)
  })

  t.test(`${name}: who begins with files has them with its record`, async (t) => {
    const { ledger } = open(t)
    const file = { name: 'a.csv', sha256: 'f'.repeat(64), bytes: 1, origin: { path: '/in/a.csv' } }
    const trigger = { type: 'ftp-in', key: '/in/a.csv' } as const
    const due = createDue({ trigger, schedule: null, file: file as never, callCenters: [null] })
    const { begun } = await ledger.recordAndBegin(due, () => ({ name: 'build', type: 'report' }))
    t.match(begun, [{ token: 1, files: [{ ...file, step: 'trigger' }], steps: [{ attempts: 1 }] }])
  })

  t.test(`${name}: the end of a run and what follows it are recorded both or not at all`, async (t) => {
    const { ledger, reopen } = open(t)
    const [runId = '', other = ''] = await ledger.recordDue(createDue())
    const follow = (changes: Partial<DueRecord> = {}) =>
      createDue({
        job: 'acme/next',
        trigger: { type: 'after', key: `eod:${runId}` },
        schedule: null,
        skippedDays: 2,
        callCenters: [null],
        ...changes,
      })
    const begin = async () => {
      const guard = { runId, token: (await ledger.claimRun(runId, at(2)))?.token ?? 0 }
      await ledger.beginStep(guard, 'build', 'report', at(3))
      return guard
    }
    const old = await begin()
    const guard = await begin()
    await t.rejects(ledger.endStepAndFollow(old, createEnd(), [follow()]), { code: 'RUN_LOST' })
    await t.rejects(ledger.endStepAndFollow(guard, createEnd(), [follow(), follow({ now: null as never })]))
    t.match(await ledger.run(runId), { state: 'running', endedAt: null }, 'where the one fails')
    t.same(await ledger.runs({ job: 'acme/next', limit: 5 }), [], 'the other is not there either')
    const ended = await ledger.endStepAndFollow(guard, createEnd(), [follow(), follow()])
    t.match(ended, { isTold: false, runIds: [/^[0-9a-f]+$/] }, 'the same one twice is one')
    const kept = await reopen()
    t.match(await kept.run(runId), { state: 'succeeded' })
    t.match(await kept.runs({ job: 'acme/next', limit: 5 }), [
      { id: ended.runIds[0], state: 'queued', slot: at(0), skippedDays: 2, callCenter: null },
    ])

    const audit = { who: 'ana', why: 'w', at: at(9) }
    const after = follow({
      trigger: { type: 'after', key: `eod:${other}` },
      passedOver: 'suspended by ana: w',
    })
    const cancelled = await kept.cancelRunAndFollow(other, audit, [after])
    t.match(cancelled, { state: 'queued', runIds: [/^[0-9a-f]+$/] })
    t.match(await kept.run(cancelled.runIds[0] ?? ''), { state: 'skipped', note: 'suspended by ana: w' })
    const late = follow({ trigger: { type: 'after', key: 'eod:late' } })
    t.same(await kept.cancelRunAndFollow(runId, audit, [late]), { state: 'succeeded', runIds: [] })
    t.equal((await kept.runs({ job: 'acme/next', limit: 5 })).length, 2, 'what had ended is not cancelled')
  })

  t.test(`${name}: a row of a fan-out knows its run and key, and leaves its slot to that run`, async (t) => {
    const { ledger, reopen } = open(t)
    const [parent = ''] = await ledger.recordDue(createDue({ callCenters: [null], firstStep: 'fanOut' }))
    const begun = { runId: parent, token: (await ledger.claimRun(parent, at(2)))?.token ?? 0 }
    await ledger.beginStep(begun, 'fanOut', 'fan-out', at(3))
    const rows = ['north', 'south'].map((key) =>
      createDue({
        trigger: { type: 'scheduled', key: `weekdays@${at(0)}#${key}` },
        callCenters: [null],
        row: { parent, key, ...(key === 'south' && { fault: 'it does not fit' }) },
      }),
    )
    const { runIds } = await ledger.endStepAndFollow(begun, createEnd(), rows)
    const [north = '', south = ''] = runIds
    const kept = await reopen()
    t.same((await kept.run(parent))?.rowRuns, [...runIds].sort())
    t.same((await kept.run(north))?.row, { parent, key: 'north' })
    t.same((await kept.run(south))?.row, { parent, key: 'south', fault: 'it does not fit' })
    t.equal((await kept.run(parent))?.row, undefined)
    t.equal((await kept.run(north))?.rowRuns, undefined)
    t.match((await kept.slotFacts(job, at(0))).slots, [{ outcome: 'ran', runId: parent }])
    const audit = { who: 'ana', why: 'lost', at: at(8) }
    const origin = { kind: 'rerun' as const, runId: north, steps: [], targets: null }
    const repeat = {
      trigger: { type: 'scheduled' as const, key: 'rerun' },
      repeats: { origin, filesOf: [], audit },
    }
    await kept.recordDue(createDue({ ...repeat, callCenters: [null], row: { parent, key: 'north' } }))
    t.equal((await kept.run(parent))?.rowRuns?.length, 2, 'a repeat by hand is no row of its own')
    const facts = await kept.catalogFacts('acme', at(0))
    t.equal(facts.outcomes.length, 3, 'the run that only asked says nothing that its rows do not')
  })

  t.test(`${name}: what was acknowledged is there after reopening`, async (t) => {
    const { ledger, reopen } = open(t)
    const [runId = ''] = await ledger.recordDue(createDue())
    const run = await ledger.claimRun(runId, at(2))
    const guard = { runId, token: run?.token ?? 0 }
    const step = await ledger.beginStep(guard, 'build', 'report', at(3))
    await ledger.beginAttempt(guard, { name: step.name, type: step.type }, at(3))
    const again = await (await reopen()).claimRun(runId, at(10))
    t.match(again, { state: 'running', position: 'build', token: 2, startedAt: at(2) })
    t.match(again?.steps, [{ name: 'build', outcome: 'running', attempts: 1 }])
  })

  t.test(`${name}: a run that repeats another one has its files, and takes over nothing else`, async (t) => {
    const { ledger, reopen } = open(t)
    const [runId = ''] = await ledger.recordDue(createDue({ callCenters: ['dallas'] }))
    const guard = { runId, token: (await ledger.claimRun(runId, at(2)))?.token ?? 0 }
    const rest = { fileName: 'a', mediaType: 'text/csv', rows: 1, period: null, origin: null, size: 1 }
    for (const [index, step] of ['build', 'other'].entries()) {
      await ledger.beginStep(guard, step, 'report', at(3))
      const files = [{ ...rest, step, sha256: String(index).repeat(64) }]
      const next = index === 0 ? { step: 'other' } : { end: 'succeeded' as const }
      await ledger.endStep(guard, createEnd({ seq: index + 1, files, next }))
    }
    const origin = { kind: 'rerun' as const, runId, steps: ['build'], targets: null }
    const audit = { who: 'ana', why: 'late data', at: at(20) }
    const [again = ''] = await ledger.recordDue(
      createDue({
        callCenters: ['dallas'],
        trigger: { type: 'scheduled', key: `rerun:${runId}:1` },
        repeats: { origin, filesOf: ['build'], audit },
        now: at(20),
      }),
    )
    const reopened = await reopen()
    t.same((await reopened.run(again))?.origin, origin)
    t.same(
      (await reopened.run(again))?.files.map(({ step }) => step),
      ['build'],
    )
    t.match((await reopened.slotFacts(job, at(0))).slots, [{ callCenter: 'dallas', outcome: 'ran', runId }])
    t.same(
      (await reopened.slotFacts(job, at(0))).runs.map(({ id }) => id),
      [runId, again],
    )
    t.same(await reopened.actions({ subject: runId, limit: 5 }), [
      { name: 'rerun', subject: runId, ...audit },
    ])
    t.same((await reopened.repeats(runId)).by, [{ kind: 'rerun', runId: again, ...audit }])
    t.same((await reopened.repeats(again)).of, { kind: 'rerun', runId, ...audit })
  })

  t.test(`${name}: who holds a lower token may write nothing`, async (t) => {
    const { ledger } = open(t)
    const [runId = ''] = await ledger.recordDue(createDue())
    const old = { runId, token: (await ledger.claimRun(runId, at(2)))?.token ?? 0 }
    const current = { runId, token: (await ledger.claimRun(runId, at(3)))?.token ?? 0 }
    await ledger.beginStep(current, 'build', 'report', at(4))
    const delivery = { id: 'x', runId, step: 'build', target: 'sftp:a:/b', artifact: null }
    await t.rejects(ledger.beginStep(old, 'build', 'report', at(5)), { code: 'RUN_LOST' })
    await t.rejects(ledger.takeBackAttempt(old, 1), { code: 'RUN_LOST' })
    await t.rejects(ledger.intendDelivery(old, delivery, at(5)), { code: 'RUN_LOST' })
    await t.rejects(ledger.endStep(old, createEnd()), { code: 'RUN_LOST' })
    await ledger.intendDelivery(current, delivery, at(5))
    await t.rejects(ledger.markDelivery(old, 'x', 'confirmed', '', at(6)), { code: 'RUN_LOST' })
    const run = await ledger.run(runId)
    t.match(run?.steps, [{ outcome: 'running', attempts: 0, deliveries: [{ state: 'intended' }] }])
  })

  t.test(`${name}: a step that had not ended goes on, one that ended is followed by the next`, async (t) => {
    const { ledger } = open(t)
    const [runId = ''] = await ledger.recordDue(createDue())
    const guard = { runId, token: (await ledger.claimRun(runId, at(2)))?.token ?? 0 }
    t.equal((await ledger.beginStep(guard, 'build', 'report', at(3))).seq, 1)
    t.equal((await ledger.beginStep(guard, 'build', 'report', at(4))).seq, 1, 'begun again: the same record')
    const file = {
      step: 'build',
      fileName: 'a.csv',
      mediaType: 'text/csv',
      rows: 3,
      period: null,
      origin: null,
      sha256: 'a'.repeat(64),
      size: 9,
    }
    await ledger.endStep(guard, createEnd({ files: [file], next: { step: 'upload' } }))
    t.match(await ledger.run(runId), { position: 'upload', state: 'running', files: [file] })
    t.equal((await ledger.beginStep(guard, 'upload', 'ftp-out-copy', at(5))).seq, 2)
    await ledger.endStep(
      guard,
      createEnd({
        seq: 2,
        outcome: 'failed',
        error: { code: 'AUTH_REFUSED', message: 'no' },
        next: { end: 'failed' },
        alert: failed,
      }),
    )
    t.match(await ledger.run(runId), { position: null, state: 'failed', endedAt: at(9) })
    t.equal(await ledger.claimRun(runId, at(11)), undefined, 'an ended run cannot be claimed')
    t.match(await ledger.pendingAlerts(), [
      { runId, about: { step: { ...failed.facts, ...failed.failure } } },
    ])
    await ledger.markAlerts([(await ledger.pendingAlerts())[0]?.id ?? ''], 'sent', at(12))
    t.same(await ledger.pendingAlerts(), [])
  })

  t.test(`${name}: one delivery a run, step and target`, async (t) => {
    const { ledger } = open(t)
    const [runId = ''] = await ledger.recordDue(createDue())
    const guard = { runId, token: (await ledger.claimRun(runId, at(2)))?.token ?? 0 }
    await ledger.beginStep(guard, 'upload', 'ftp-out-copy', at(3))
    const wanted = {
      id: 'one',
      runId,
      step: 'upload',
      target: 'sftp:a:/b',
      artifact: { sha256: 'a'.repeat(64), size: 1, fileName: 'b' },
    }
    await ledger.intendDelivery(guard, wanted, at(4))
    await ledger.markDelivery(guard, 'one', 'confirmed', 'ok', at(5))
    t.match(await ledger.intendDelivery(guard, wanted, at(6)), { state: 'confirmed', note: 'ok', at: at(5) })
  })

  t.test(`${name}: an event is recorded once, and another body under its id is told`, async (t) => {
    const { ledger } = open(t)
    const event = {
      client: 'acme',
      source: 's',
      id: 'e1',
      type: 'campaign.ended',
      data: { campaign: { id: 'C1' } },
      bodySha256: 'x',
      receivedAt: at(0),
    }
    const due = createDue({
      trigger: { type: 'campaign', key: 's:e1' },
      schedule: null,
      callCenters: [null],
      event: event.data,
    })
    const first = await ledger.recordEvent(event, [due])
    t.match(first, { known: false, sameBody: true })
    t.equal(first.runIds.length, 1)
    const again = { known: true, sameBody: true, runIds: first.runIds, outcome: 'started', note: '' }
    t.same(await ledger.recordEvent(event, [due]), again)
    t.match(await ledger.recordEvent({ ...event, bodySha256: 'y' }, [due]), {
      known: true,
      sameBody: false,
      runIds: [],
    })
    t.equal((await ledger.unfinishedRuns()).length, 1)
    t.same((await ledger.run(first.runIds[0] ?? ''))?.event, event.data)
  })

  t.test(`${name}: an event that starts nothing is kept with why, and told once`, async (t) => {
    const { ledger } = open(t)
    const facts = { title: 'Nothing', message: 'm', facts: [], list: [], next: '' }
    const verdict = {
      outcome: 'refused' as const,
      note: 'parameter leads is missing',
      notice: { id: 'event:acme:parameters:2026-11-22', facts },
    }
    const event = {
      client: 'acme',
      source: 's',
      type: 'campaign.ended',
      data: { leads: 'x' },
      bodySha256: 'x',
    }
    const received = (id: string, second: number) => ({ ...event, id, receivedAt: at(second) })
    const answer = { runIds: [], outcome: 'refused', note: verdict.note }
    t.match(await ledger.recordEvent(received('e1', 1), [], verdict), { known: false, ...answer })
    t.match(await ledger.recordEvent(received('e1', 2), [createDue()]), { known: true, ...answer })
    await ledger.recordEvent(received('e2', 3), [], verdict)
    await ledger.recordEvent(received('e3', 4), [createDue({ callCenters: [null] })])
    t.match(await ledger.pendingAlerts(), [{ about: { notice: facts } }])
    t.equal((await ledger.pendingAlerts()).length, 1)
    const ids = async (filter: object) =>
      (await ledger.events({ limit: 10, ...filter })).map(({ id, outcome }) => `${id} ${outcome}`)
    t.same(await ids({}), ['e3 started', 'e2 refused', 'e1 refused'])
    t.same(await ids({ unused: true }), ['e2 refused', 'e1 refused'])
    t.same(await ids({ unused: true, since: at(2) }), ['e2 refused'])
    t.same(await ids({ client: 'borealis' }), [])
    t.match(await ledger.events({ id: 'e1', limit: 1 }), [{ data: { leads: 'x' }, receivedAt: at(1) }])
  })

  t.test(`${name}: a run keeps the parameters that it was given`, async (t) => {
    const { ledger, reopen } = open(t)
    const parameters = { leads: 12, region: 'east', isTest: false }
    const [runId = '', other = ''] = await ledger.recordDue(createDue({ parameters }))
    t.same((await ledger.run(runId))?.parameters, parameters)
    t.same((await ledger.run(other))?.parameters, parameters)
    const [bare = ''] = await ledger.recordDue(createDue({ trigger: { type: 'manual', key: 'm' } }))
    t.equal((await ledger.run(bare))?.parameters, undefined)
    t.same((await (await reopen()).run(runId))?.parameters, parameters)
  })

  t.test(
    `${name}: a revision that does not compile keeps the last good snapshot, also after reopening`,
    async (t) => {
      const { ledger, reopen } = open(t)
      const snapshot = createSnapshot()
      await ledger.applyRevision(createApplied('r1', [{ job, snapshot, sync: 'Synced', message: '' }], at(0)))
      const broken = { job, snapshot: null, sync: 'Invalid', message: 'x.yaml:1:2: no' } as const
      await ledger.applyRevision(createApplied('r2', [broken], at(1)))
      const again = await reopen()
      t.match(await again.jobs(), [
        {
          job,
          sync: 'Invalid',
          snapshot: snapshot.digest,
          appliedRevision: 'r1',
          attemptedRevision: 'r2',
          message: 'x.yaml:1:2: no',
          firstAppliedAt: at(0),
        },
      ])
      t.same(await again.snapshots([snapshot.digest]), [snapshot])
      t.match(await again.lastRevision(), { attempted: 'r2', applied: 'r1' })
    },
  )

  t.test(
    `${name}: a schedule owes nothing from before it was there, was changed, or its job came back`,
    async (t) => {
      const { ledger } = open(t)
      const apply = (snapshot: Snapshot, now: string) =>
        ledger.applyRevision(createApplied(now, [{ job, snapshot, sync: 'Synced', message: '' }], now))
      await apply(withCron('d', [30]), at(0))
      t.same(await ledger.schedulesSince(job, at(60)), { weekdays: at(0) })
      await apply(withCron('e', [30]), at(10))
      t.same(
        await ledger.schedulesSince(job, at(60)),
        { weekdays: at(0) },
        'another change of the job leaves it',
      )
      await ledger.recordSlots([
        { job, schedule: 'weekdays', at: at(20), callCenter: null, outcome: 'missed', note: '', runId: null },
      ])
      t.same(await ledger.schedulesSince(job, at(60)), { weekdays: at(20) })
      await apply(withCron('f', [45]), at(30))
      t.same(await ledger.schedulesSince(job, at(60)), { weekdays: at(30) })
      await ledger.applyRevision({ ...createApplied('gone', [], at(40)), removed: [job] })
      t.same(await ledger.schedulesSince(job, at(60)), {})
      await apply(withCron('f', [45]), at(50))
      t.same(await ledger.schedulesSince(job, at(60)), { weekdays: at(50) })
    },
  )

  t.test(`${name}: a job is renamed onto a name that had another job long ago`, async (t) => {
    const { ledger } = open(t)
    const old = createSnapshot()
    const newName: JobId = 'acme/end-of-day'
    const other = { ...old, job: newName, digest: 'e'.repeat(64) }
    const synced = (snapshot: Snapshot) =>
      ({ job: snapshot.job, snapshot, sync: 'Synced', message: '' }) as const
    await ledger.applyRevision(createApplied('r1', [synced(old), synced(other)], at(0)))
    for (const each of [job, newName]) {
      const [id = ''] = await ledger.recordDue(createDue({ job: each, callCenters: [null] }))
      t.match(id, /^[0-9a-f]{23}$/)
    }
    await ledger.applyRevision({ ...createApplied('r2', [], at(1)), removed: [newName] })
    const broken = { job: newName, snapshot: null, sync: 'Invalid', message: 'no' } as const
    await ledger.applyRevision(createApplied('r3', [broken], at(2)))
    const renamed = { ...synced({ ...old, job: newName, digest: 'f'.repeat(64) }), renamedFrom: job }
    await ledger.applyRevision(createApplied('r4', [renamed], at(3)))
    t.same(
      (await ledger.jobs()).map((each) => each.job),
      [newName],
    )
    t.same(
      await ledger.recordDue(createDue({ job: newName, callCenters: [null] })),
      [],
      'the same slot starts nothing',
    )
  })

  t.test(`${name}: one operation that fails takes nothing of its batch with it`, async (t) => {
    const { ledger } = open(t)
    const [good, bad] = await Promise.allSettled([
      ledger.recordDue(createDue()),
      ledger.endStep({ runId: 'none', token: 1 }, createEnd()),
    ])
    t.match(good, { status: 'fulfilled' })
    t.match(bad, { status: 'rejected', reason: { code: 'RUN_LOST' } })
    t.equal((await ledger.unfinishedRuns()).length, 2)
  })
}

function withCron(digest: string, minutes: number[]): Snapshot {
  const fields = {
    minutes,
    hours: [18],
    daysOfMonth: [],
    months: [],
    daysOfWeek: [],
    eitherDay: false,
    wildcard: false,
  }
  const schedule = {
    name: 'weekdays',
    cron: '30 18 * * *',
    timezone: 'UTC',
    onHoliday: 'skip',
    catchUp: 'latest',
    catchUpWindowMs: 1,
    calendar: null,
    fields,
  } as const
  return createSnapshot({ digest: digest.repeat(64), schedules: [schedule] })
}

describeLedger('SQLite', (t) => {
  const path = join(t.testdir({}), 'ledger.db')
  let ledger = openSqliteLedger(path)
  t.teardown(() => ledger.close())
  return {
    ledger,
    async reopen() {
      await ledger.close()
      ledger = openSqliteLedger(path)
      return ledger
    },
  }
})

t.test(
  "SQLite: the file is the owner's alone, a newer one is refused, a reader writes nothing",
  async (t) => {
    const path = join(t.testdir({}), 'ledger.db')
    const ledger = openSqliteLedger(path)
    t.equal(statSync(path).mode & 0o777, 0o600)
    const reader = openSqliteLedger(path, { readOnly: true })
    t.same(await reader.jobs(), [])
    await t.rejects(reader.recordDue(createDue()), /readonly/)
    await reader.close()
    await ledger.close()
    const raw = new Database(path)
    raw.pragma('user_version = 999')
    raw.close()
    t.throws(() => openSqliteLedger(path), { code: 'LEDGER_NEWER' })
  },
)

t.test('one engine owns a data folder, until it is gone', async (t) => {
  const folder = join(t.testdir({}), 'data')
  const lock = lockDataFolder(folder)
  t.throws(() => lockDataFolder(folder), { code: 'ENGINE_RUNNING' })
  lock.release()
  lockDataFolder(folder).release()
  t.equal(statSync(folder).mode & 0o777, 0o700)
})
