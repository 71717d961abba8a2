import '../../fakes/clean-children.ts'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { JobsdError } from '../../../engine/core/errors.ts'
import type { FanOut } from '../../../engine/core/manifest.ts'
import type { Run } from '../../../engine/core/model.ts'
import { runReport } from '../../../engine/reports/run-report.ts'
import { createFanOut } from '../../../engine/steps/fan-out.ts'
import { connections, createSnapshot } from '../../fakes/snapshot.ts'
import { createStepContext } from '../../fakes/step-context.ts'
import { canary, writeSmallDataset } from '../reports/small-dataset.ts'

const site: FanOut = {
  query: 'SELECT DISTINCT call_center AS site FROM calls ORDER BY site',
  parameters: [{ name: 'site', type: 'text', required: true }],
  key: 'site',
  callCenter: 'site',
  onEmpty: 'fail',
}

async function createStage(t: Test) {
  const folder = t.testdir({})
  const data = join(folder, 'data')
  mkdirSync(data)
  await writeSmallDataset(data, 'json')
  return {
    folder,
    async ask(changes: Partial<FanOut> = {}, run: Partial<Run> = {}, signal?: AbortSignal) {
      const base = createSnapshot()
      const trigger = { type: 'manual' as const, parameters: [{ name: 'least', type: 'integer' as const }] }
      const fanOut = { ...site, ...changes }
      const snapshot = {
        manifest: { ...base.manifest, scope: 'client' as const, trigger, fanOut },
      }
      const context = createStepContext('fanOut', folder, {
        snapshot,
        run: { callCenter: null, ...run },
      })
      const warehouse = { ...connections.warehouse!, format: 'json', path: data }
      return createFanOut(runReport)({
        ...context,
        connection: () => warehouse as never,
        ...(signal && { signal }),
      })
    },
  }
}

t.test('the query sees the rows of its client alone, and each row comes typed', async (t) => {
  const stage = await createStage(t)
  const { rows, note, ok } = await stage.ask()
  t.equal(ok, true)
  t.equal(note, '2 rows, a run for each')
  t.same(
    rows.map(({ key, callCenter, fault }) => [key, callCenter, fault]),
    [
      ['dallas', 'dallas', null],
      ['tampa', 'tampa', null],
    ],
  )
  const all = await stage.ask({
    query: "SELECT call_id AS id, client AS owner FROM calls WHERE client <> 'acme' OR call_id LIKE 'b%'",
    parameters: [
      { name: 'id', type: 'text' },
      { name: 'owner', type: 'text' },
    ],
    key: 'id',
    callCenter: undefined as never,
    onEmpty: 'skip',
  })
  t.match(
    all,
    { ok: true, skip: true, rows: [], note: 'the query has no rows' },
    'others have none that it could ask for',
  )
  t.notMatch(JSON.stringify(all), canary)
  t.same(readdirSync(join(stage.folder, 'scratch')), [], 'nothing is left')
})

t.test('every type of parameter comes through, and values of the trigger go in', async (t) => {
  const stage = await createStage(t)
  const { rows } = await stage.ask(
    {
      query: `SELECT 'a' AS k, 9007199254740991 AS whole, 1.25 AS part, TRUE AS yes, DATE '2026-11-20' AS day,
        TIMESTAMP '2026-11-20 12:30:00' AS moment, NULL::VARCHAR AS nothing WHERE $least = 3 AND $client = 'acme'`,
      parameters: [
        { name: 'k', type: 'text' },
        { name: 'whole', type: 'integer' },
        { name: 'part', type: 'number' },
        { name: 'yes', type: 'boolean' },
        { name: 'day', type: 'date' },
        { name: 'moment', type: 'instant' },
        { name: 'nothing', type: 'text' },
      ],
      key: 'k',
      callCenter: undefined as never,
    },
    { parameters: { least: 3 } },
  )
  t.same(rows, [
    {
      key: 'a',
      parameters: {
        k: 'a',
        whole: 9007199254740991,
        part: 1.25,
        yes: true,
        day: '2026-11-20',
        moment: '2026-11-20T12:30:00.000Z',
      },
      callCenter: null,
      fault: null,
    },
  ])
})

t.test('what is wrong with the query is told as the fan-out that failed', async (t) => {
  const stage = await createStage(t)
  const fails = async (changes: Partial<FanOut>, message: RegExp) =>
    t.rejects(stage.ask(changes), { code: 'FAN_OUT_FAILED', message })
  await fails(
    { query: 'SELECT call_center FROM calls' },
    /gave the columns call_center, the parameters are site/,
  )
  await fails({ query: 'SELECT 1 AS site' }, /gave the columns site INTEGER, the parameters are site text/)
  await fails({ query: "SELECT 'x' AS site WHERE FALSE" }, /no rows and onEmpty is fail/)
  await fails({ query: "COPY calls TO '/tmp/x'" }, /exactly one SELECT/)
  await fails({ query: "SELECT content AS site FROM read_text('/etc/passwd')" }, /read_text\(\) in FROM/)
  await fails(
    { query: 'SELECT range::VARCHAR AS site FROM range(1001)' },
    /gave 1001 rows, maxRows allows 1000/,
  )
  const heavy = { event: { campaign: { id: '1', name: 'x'.repeat(100_000) } } }
  const many = { query: 'SELECT range::VARCHAR AS site FROM range(200)' }
  await t.rejects(stage.ask(many, heavy), {
    code: 'FAN_OUT_FAILED',
    message: /its event has 1000\d\d bytes, too many for 200 rows/,
  })
  await fails({ query: "SELECT 'a' AS site UNION ALL SELECT 'a'" }, /two rows have the site "a"/)
})

t.test(
  'a query that is stopped rejects with the reason, and is tried again only where that may help',
  async (t) => {
    const stage = await createStage(t)
    const reason = new Error('the engine stops')
    await t.rejects(stage.ask({}, {}, AbortSignal.abort(reason)), reason)
    const failed = await stage.ask({ query: 'SELECT' }).catch((error: JobsdError) => error)
    t.equal((failed as JobsdError).retry, false)
  },
)
