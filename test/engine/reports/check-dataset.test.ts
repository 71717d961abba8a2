import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import t from 'tap'
import { checkDataset } from '../../../engine/reports/check-dataset.ts'
import { writeSampleData } from '../../../scripts/demo/sample-data.ts'
import { createProbe } from './probe-report.ts'
import { canary } from './small-dataset.ts'

const folder = t.testdir({
  whole: {},
  csv: {
    'calls.csv':
      'call_id,client,call_center,start_at,talk_s\n' +
      `c1,acme,dallas,2026-11-20 06:00:00,5\nc2,acme,dallas,${canary},seven\nc3,zeta,x,2026-11-20 07:00:00,6\n`,
    'agents.csv': 'logon,name\na1,Ann\n',
  },
  json: { 'calls.json': '[{"call_id":"c1","client":"acme","call_center":"x","talk_s":"long"}]' },
  broken: { 'calls.parquet': canary },
})
const { dataset } = createProbe(folder)
const never = new AbortController().signal
const tenants = ['acme', 'borealis', 'cobalt']

t.before(() =>
  writeSampleData({ folder: join(folder, 'whole'), seed: 7, lastDay: '2026-11-20', days: 1, scale: 0.02 }),
)

/** `level text`, without what is only missing and used by nobody. */
async function findingsOf(question: Partial<Parameters<typeof checkDataset>[0]>): Promise<string[]> {
  const asked = { dataset: dataset('whole'), tenants, queries: [], ...question }
  const findings = await checkDataset(asked, never)
  return findings
    .map(({ level, text }) => `${level} ${text}`)
    .filter((line) => !line.endsWith('; no report of a job uses it'))
}

t.test('a whole dataset has a line a table, with its rows and its newest moment', async (t) => {
  const lines = await findingsOf({})
  t.equal(lines.length, 11)
  t.match(lines[0], /^ok calls: \d+ rows, the newest start_at is 2026-11-2[01]T\d\d:\d\d:\d\dZ$/)
  t.match(lines[7], /^ok skills: \d+ rows$/)
})

t.test('a table that is missing is a problem where a report uses it, else a warning', async (t) => {
  rmSync(join(folder, 'whole', 'rates.parquet'))
  const text = 'rates: there is neither rates.parquet nor a folder rates with such files'
  const all = await checkDataset({ dataset: dataset('whole'), tenants, queries: [] }, never)
  t.same(all.at(-1), { level: 'warning', text: `${text}; no report of a job uses it` })
  const lines = await findingsOf({ queries: ['SELECT rate FROM rates'] })
  t.equal(lines.at(-1), `problem ${text}, but a report of a job uses it`)
})

t.test('columns: missing, of another type, or with values that are none; no value is shown', async (t) => {
  const queries = ['SELECT skill FROM calls']
  const lines = await findingsOf({ dataset: dataset('csv', 'csv'), tenants: ['acme', 'nobody'], queries })
  t.same(lines, [
    'ok calls: 3 rows, the newest start_at is 2026-11-20T07:00:00Z',
    'problem calls: there is no column skill, but a report of a job uses it',
    'problem calls: 1 value of start_at cannot be read as TIMESTAMP',
    'problem calls: 1 value of talk_s cannot be read as INTEGER',
    'ok agents: 1 row',
    'problem agents: there is no column client',
    'problem agents: there is no column call_center',
    'warning 1 row of 1 client that no policy names',
    'warning no table has a row of client nobody',
  ])
})

t.test('JSON is looked at as it is, not as it should be', async (t) => {
  const lines = await findingsOf({ dataset: dataset('json', 'json'), tenants: ['acme'] })
  t.same(lines, ['ok calls: 1 row', 'problem calls: 1 value of talk_s cannot be read as INTEGER'])
})

t.test('a Parquet column of another type is told with both types', async (t) => {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const rows = "SELECT 'acme' AS client, 'x' AS call_center, 7 AS start_at, TRUE AS talk_s, '1' AS hold_s"
  await connection.run(`COPY (${rows}) TO '${join(folder, 'broken')}/calls.parquet' (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
  const lines = await findingsOf({ dataset: dataset('broken'), tenants: ['acme'] })
  t.same(lines.slice(1), [
    'problem calls: start_at is INTEGER instead of TIMESTAMP',
    'problem calls: talk_s is BOOLEAN instead of INTEGER',
    'warning calls: hold_s is VARCHAR; all of it can be read as INTEGER',
  ])
})

t.test('a file that is none of the format is a problem that shows nothing of it', async (t) => {
  writeFileSync(join(folder, 'broken', 'calls.parquet'), canary)
  const lines = await findingsOf({ dataset: dataset('broken'), tenants: [] })
  t.same(lines, ['problem calls: it cannot be read as parquet: Invalid Input'])
})
