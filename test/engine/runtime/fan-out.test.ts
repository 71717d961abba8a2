import t, { type Test } from 'tap'
import type { FanOut, FanOutRow } from '../../../engine/core/contracts/fan-out.ts'
import type { Ledger } from '../../../engine/core/contracts/ledger.ts'
import type { StepContext, StepResult } from '../../../engine/core/contracts/step.ts'
import { JobsdError } from '../../../engine/core/errors.ts'
import type { RunDetail } from '../../../engine/core/model.ts'
import { createStage, type StageChanges, until } from '../../fakes/engine-stage.ts'
import { editSmall } from '../config/golden.ts'

const sites = `apiVersion: jobsd/v1
kind: Job
name: sites
title: Sites
client: acme
scope: client
trigger:
  type: manual
  parameters: [{ name: least, type: integer, default: 1 }]
fanOut:
  query: SELECT 'never run here' AS site
  parameters: [{ name: site, type: text, required: true }]
  key: site
  onEmpty: skip
steps:
  - { name: build, type: report, report: call/call-detail, period: day, format: csv, fileName: "{param.site}.csv", onEmpty: skip }
  - { name: upload, type: ftp-out-copy, from: build, connection: sftp, path: /outbound }
`
const file = 'jobs.d/acme/sites.yaml'

function row(key: string, changes: Partial<FanOutRow> = {}): FanOutRow {
  return { key, parameters: { site: key }, callCenter: null, fault: null, ...changes }
}

interface Given extends StageChanges {
  rows?: FanOutRow[]
  play?: (context: StepContext) => Promise<StepResult>
  /** More files, and the job itself changed. */
  files?: Record<string, string>
}

/** A started engine with that job, whose query gives what `state.rows` says; `asked` counts how often it was run. */
async function createSites(t: Test, { rows = [], play, files, ...changes }: Given = {}) {
  const state = { rows, asked: 0, ask: undefined as FanOut | undefined }
  const fanOut: FanOut = async (context) => {
    state.asked += 1
    if (state.ask) return state.ask(context)
    return { ok: true, skip: state.rows.length === 0, note: 'asked', rows: state.rows }
  }
  const stage = createStage(t, play ?? (async () => ({ ok: true, note: 'done' })), { ...changes, fanOut })
  stage.state.tree = editSmall({ [file]: sites, ...files })
  await stage.engine.start({ triggers: true })
  t.teardown(() => stage.engine.stop().catch(() => undefined))
  return {
    ...stage,
    rows: state,
    async run(): Promise<string> {
      const [id] = await stage.engine.run({ job: 'acme/sites', parameters: { least: 7 } })
      return id as string
    },
    /** Once all of it has ended: the run that asked, and those of its rows by their keys. */
    async ended(id: string): Promise<{ parent: RunDetail; rows: Record<string, RunDetail> }> {
      await untilEnded(stage.ledger)
      return family(stage.ledger, id)
    },
  }
}

async function untilEnded(ledger: Ledger): Promise<void> {
  await until(async () => (await ledger.unfinishedRuns()).length === 0)
}

async function family(ledger: Ledger, id: string) {
  const parent = (await ledger.run(id))!
  const children = await Promise.all((parent.rowRuns ?? []).map((child) => ledger.run(child)))
  return { parent, rows: Object.fromEntries(children.map((child) => [child!.row!.key, child!])) }
}

t.test(
  'each row is a run of its own, with its parameters, its call center and its own outcome',
  async (t) => {
    const stage = await createSites(t, {
      rows: [row('north', { callCenter: 'tampa' }), row('south'), row('west')],
      play: async ({ run }) => {
        if (run.parameters?.site === 'south') throw new JobsdError('REPORT_EMPTY', { report: 'x' })
        return run.parameters?.site === 'west'
          ? { ok: true, skip: true, note: '' }
          : { ok: true, note: 'done' }
      },
    })
    const id = await stage.run()
    const { parent, rows } = await stage.ended(id)
    t.match(parent, {
      state: 'succeeded',
      parameters: { least: 7 },
      steps: [{ name: 'fanOut', type: 'fan-out', next: 'end' }],
    })
    t.equal(parent.steps.length, 1)
    t.same(
      Object.entries(rows)
        .map(([key, { state }]) => [key, state])
        .sort(),
      [
        ['north', 'succeeded'],
        ['south', 'failed'],
        ['west', 'skipped'],
      ],
    )
    t.match(rows.north, {
      parameters: { least: 7, site: 'north' },
      callCenter: 'tampa',
      row: { parent: id, key: 'north' },
      slot: parent.slot,
      snapshot: parent.snapshot,
      revision: parent.revision,
      trigger: { type: 'manual', key: `${parent.trigger.key}#north` },
      steps: [{ name: 'build' }, { name: 'upload' }],
    })
    t.equal(rows.south?.callCenter, null)
    t.equal(new Set(Object.values(rows).map(({ createdAt }) => createdAt)).size, 1, 'one execution')
    t.equal(stage.rows.asked, 1)
    const status = await stage.engine.status()
    t.match(
      status.jobs.find(({ job }) => job === 'acme/sites'),
      { health: 'Degraded' },
      'a row that failed shows',
    )
  },
)

for (const when of ['before', 'after'] as const) {
  t.test(`an engine that dies right ${when} the rows were recorded loses and doubles none`, async (t) => {
    let deaths = 1
    const stage = await createSites(t, {
      rows: [row('north'), row('south')],
      ledger: (ledger) => ({
        ...ledger,
        async endStepAndFollow(guard, end, follows) {
          if (deaths === 0) return ledger.endStepAndFollow(guard, end, follows)
          deaths -= 1
          if (when === 'after') await ledger.endStepAndFollow(guard, end, follows)
          throw new Error('the process was killed')
        },
      }),
    })
    const id = await stage.run()
    await until(() => stage.log.lines.some((line) => line.includes('broke off')))
    const recorded = (await family(stage.ledger, id)).parent
    t.equal(recorded.rowRuns?.length ?? 0, when === 'after' ? 2 : 0, 'all of it or nothing')
    await stage.engine.stop()
    const next = stage.create()
    t.teardown(() => next.ledger.close())
    await next.engine.start({ triggers: true })
    t.teardown(() => next.engine.stop())
    await untilEnded(next.ledger)
    const { parent, rows } = await family(next.ledger, id)
    t.match([parent.state, rows.north?.state, rows.south?.state], ['succeeded', 'succeeded', 'succeeded'])
    t.equal((await next.ledger.runs({ limit: 20 })).length, 3)
    t.same(
      rows.north?.steps.map(({ name, attempts }) => [name, attempts]),
      [
        ['build', 1],
        ['upload', 1],
      ],
    )
    t.equal(stage.rows.asked, when === 'after' ? 1 : 2)
  })
}

t.test(
  'a row that does not fit fails by itself before its first step, and is told each its own row',
  async (t) => {
    const played: unknown[] = []
    const stage = await createSites(t, {
      rows: [row('bad', { fault: 'parameter site is 1', parameters: {} }), row('good')],
      play: async ({ run }) => {
        played.push(run.parameters?.site)
        return { ok: true, note: '' }
      },
    })
    const first = await stage.ended(await stage.run())
    t.match(first.rows.bad, {
      state: 'failed',
      steps: [
        {
          name: 'build',
          outcome: 'failed',
          next: 'fail',
          error: { code: 'FAN_OUT_ROW', message: /the row bad cannot be worked on: parameter site is 1/ },
        },
      ],
    })
    t.equal(first.rows.bad?.steps.length, 1)
    t.equal(first.rows.good?.state, 'succeeded')
    t.same(played, ['good', 'good'], 'no step of it was run')
    t.equal(first.parent.state, 'succeeded')
    await until(() => stage.sent.length === 1)
    await stage.ended(await stage.run())
    t.equal(stage.sent.length, 1, 'one that goes well ends no failures of another row, so nothing flaps')
    stage.rows.rows = [row('bad'), row('good')]
    const well = await stage.ended(await stage.run())
    t.equal(well.rows.bad?.state, 'succeeded')
    await stage.engine.stop()
    t.equal(stage.sent.length, 2, 'its own recovery does')
  },
)

t.test('a row that does not fit takes no other way through the steps', async (t) => {
  const stage = await createSites(t, {
    rows: [row('bad', { fault: 'it does not fit' })],
    files: { [file]: sites.replace('onEmpty: skip }', 'onEmpty: skip, onFailure: end }') },
  })
  const { rows } = await stage.ended(await stage.run())
  t.match(rows.bad, { state: 'failed', steps: [{ name: 'build', next: 'fail' }] })
  t.equal(rows.bad?.steps.length, 1)
})

t.test('a query that fails gives nobody anything, and one without rows ends as skipped', async (t) => {
  const stage = await createSites(t, { rows: [] })
  const skipped = await stage.ended(await stage.run())
  t.match(skipped, { parent: { state: 'skipped' }, rows: {} })
  stage.rows.ask = async () => {
    throw new JobsdError('FAN_OUT_FAILED', { job: 'acme/sites', reason: 'two rows have one key' })
  }
  const failed = await stage.ended(await stage.run())
  t.match(failed, { parent: { state: 'failed', steps: [{ error: { code: 'FAN_OUT_FAILED' } }] } })
  t.same(failed.parent.rowRuns, [])
  t.equal((await stage.ledger.runs({ limit: 20 })).length, 2)
  await until(() => stage.sent.length === 1)
})

t.test('data that is late is asked for again', async (t) => {
  const stage = await createSites(t, { rows: [row('north')] })
  stage.rows.ask = async () => {
    stage.rows.ask = undefined
    throw new JobsdError('DATASET_MISSING', { connection: 'warehouse', table: 'calls' })
  }
  const id = await stage.run()
  await until(() => stage.log.lines.some((line) => line.startsWith('warn:')))
  await stage.clock.advance(30_000)
  const { parent, rows } = await stage.ended(id)
  t.match([parent.steps[0]?.attempts, parent.steps.length, rows.north?.state], [2, 1, 'succeeded'])
})

t.test('a job that follows does so once for each row, never for the run that asked', async (t) => {
  const follower = sites
    .replace('name: sites', 'name: last')
    .replace(/trigger:[\s\S]*?steps:/, 'trigger: { type: after, job: sites, on: ended }\nsteps:')
    .replace('{param.site}', '{runId}')
    .replace('/outbound', '/last')
  const stage = await createSites(t, {
    rows: [row('north'), row('south')],
    files: { 'jobs.d/acme/last.yaml': follower },
  })
  const { rows } = await stage.ended(await stage.run())
  const followed = await stage.ledger.runs({ job: 'acme/last', limit: 20 })
  t.same(
    followed.map(({ trigger }) => trigger.key).sort(),
    Object.values(rows)
      .map(({ id }) => `sites:${id}`)
      .sort(),
  )
  stage.rows.rows = []
  const id = (await stage.ended(await stage.run())).parent.id
  const keys = (await stage.ledger.runs({ job: 'acme/last', limit: 20 })).map(({ trigger }) => trigger.key)
  t.ok(keys.includes(`sites:${id}`), 'without rows its own end is what is waited for')
  t.equal(keys.length, 3)
})

for (const onConflict of ['skip', 'replace']) {
  t.test(`rows of a group wait for each other, and none is lost to ${onConflict}`, async (t) => {
    let [atOnce, most] = [0, 0]
    const stage = await createSites(t, {
      rows: [row('north'), row('south'), row('west')],
      files: {
        [file]: sites.replace('fanOut:', `concurrency: { limit: 1, onConflict: ${onConflict} }\nfanOut:`),
      },
      play: async () => {
        atOnce += 1
        most = Math.max(most, atOnce)
        await new Promise((resolve) => setImmediate(resolve))
        atOnce -= 1
        return { ok: true, note: '' }
      },
    })
    const { rows } = await stage.ended(await stage.run())
    t.same(
      Object.values(rows).map(({ state }) => state),
      ['succeeded', 'succeeded', 'succeeded'],
    )
    t.equal(most, 1)
  })
}

t.test('cancelled while it asks, a run makes none of its rows', async (t) => {
  const stage = await createSites(t)
  const asking = Promise.withResolvers<void>()
  stage.rows.ask = async ({ signal }) => {
    asking.resolve()
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    return { ok: true, note: '', rows: [row('north')] }
  }
  const id = await stage.run()
  await asking.promise
  await stage.engine.cancel(id, { who: 'ana', why: 'wrong day' })
  const { parent } = await stage.ended(id)
  t.equal(parent.state, 'cancelled')
  t.equal((await stage.ledger.runs({ limit: 20 })).length, 1)
})

t.test('a dry run makes dry runs', async (t) => {
  const stage = await createSites(t, { rows: [row('north')] })
  const [id] = await stage.engine.run({ job: 'acme/sites', dryRun: true })
  const { rows } = await stage.ended(id as string)
  t.equal(rows.north?.dryRun, true)
})

t.test(
  'a row is made anew from its first step or a later one, its parent with all of its rows',
  async (t) => {
    const seen: string[] = []
    const stage = await createSites(t, {
      rows: [row('north', { callCenter: 'dallas' }), row('bad', { fault: 'it does not fit' })],
      play: async ({ run }) => {
        seen.push(`${run.parameters?.site} ${run.callCenter}`)
        return { ok: true, note: '' }
      },
    })
    const { engine, ledger } = stage
    const by = { who: 'ana', why: 'their file was lost' }
    const first = await stage.ended(await stage.run())
    seen.length = 0
    const again = await engine.rerun({ run: first.rows.north!.id, ...by })
    await untilEnded(ledger)
    t.match(await ledger.run(again), {
      state: 'succeeded',
      row: { key: 'north', parent: first.parent.id },
      parameters: { least: 7, site: 'north' },
      callCenter: 'dallas',
      steps: [{ name: 'build' }, { name: 'upload' }],
    })
    t.same(seen, ['north dallas', 'north dallas'])
    t.equal((await ledger.run(first.parent.id))?.rowRuns?.length, 2, 'a repeat is no row of its own')
    const refuses = (request: object, message: RegExp) =>
      t.rejects(engine.rerun({ ...by, ...request } as never), { code: 'BAD_REQUEST', message })
    await refuses({ run: first.parent.id, from: 'upload' }, /only the run of a row begins at a step/)
    await refuses({ run: first.rows.bad!.id }, /of the row bad, which was refused: it does not fit/)
    await t.rejects(engine.resend({ run: first.parent.id, ...by }), {
      code: 'BAD_REQUEST',
      message: /came to no delivery/,
    })

    stage.rows.rows = [row('north'), row('new')]
    const parent = await engine.rerun({ run: first.parent.id, ...by })
    const anew = await stage.ended(parent)
    t.match(anew.parent, { state: 'succeeded', origin: { kind: 'rerun', runId: first.parent.id } })
    t.same(Object.keys(anew.rows).sort(), ['new', 'north'])
    t.not(anew.rows.north?.id, first.rows.north?.id)

    stage.state.tree = editSmall({
      [file]: sites.replace(/fanOut:[\s\S]*?steps:/, 'steps:').replace('{param.site}', '{runId}'),
    })
    stage.state.tree = { ...stage.state.tree, revision: 'without' }
    engine.reload()
    await until(() => engine.sync().last?.revision?.startsWith('without') ?? false)
    await refuses({ run: first.rows.north!.id }, /of the row north, and acme\/sites has no fanOut any more/)
  },
)
