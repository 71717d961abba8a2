import t from 'tap'
import { fixtureFolder, readFixture } from '../../../engine/config/fixtures.ts'
import { datasetTables } from '../../../engine/reports/dataset-tables.ts'
import { textFile } from './golden.ts'

function read(tables: Record<string, string>) {
  const files = Object.entries(tables).map(
    ([name, text]) => [`jobs.d/acme/f/${name}`, textFile(text)] as const,
  )
  return readFixture(new Map(files), 'jobs.d/acme/f', 'tenant')
}

t.test('CSV is read with quotes, either line end, and empty cells as null', async (t) => {
  const { tables, faults } = read({
    'calls.csv': 'call_id,account,client\r\nc1,"Müller, ""Jo""\nx",other\r\n\r\nc2,,\r\n',
  })
  t.same(faults, [])
  t.same(tables.calls, [
    { call_id: 'c1', account: 'Müller, "Jo"\nx', client: 'other' },
    { call_id: 'c2', account: null, client: null },
  ])
})

t.test("a left-out client is the tenant's, a left-out table has no rows", async (t) => {
  const { tables } = read({ 'agents.json': '[{ "logon": "a1" }]', 'calls.csv': 'call_id\nc1' })
  t.same(Object.keys(tables), Object.keys(datasetTables))
  const filled = Object.entries(tables).filter(([, rows]) => rows.length > 0)
  t.same(Object.fromEntries(filled), {
    calls: [{ client: 'tenant', call_id: 'c1' }],
    agents: [{ client: 'tenant', logon: 'a1' }],
  })
})

t.test('faults name their file and line', async (t) => {
  const { faults } = read({ 'calls.csv': 'call_id,talk_s\nc1,"1\n2",3\nc2,4,5\n', 'agents.json': '{' })
  t.match(faults, [
    { file: 'jobs.d/acme/f/calls.csv', line: 2, message: 'the row has 3 cells, the heading 2' },
    { file: 'jobs.d/acme/f/calls.csv', line: 4 },
    { file: 'jobs.d/acme/f/agents.json', line: 1, message: /^this is not JSON/ },
  ])
})

t.test('a fixture lies within jobs.d', async (t) => {
  t.equal(fixtureFolder('acme/eod', 'fixtures/one'), 'jobs.d/acme/fixtures/one')
  t.equal(fixtureFolder('acme/eod', '../shared/'), 'jobs.d/shared')
  for (const dataset of ['../..', '../../templates', '..', '../../jobs.d2/x'])
    t.equal(fixtureFolder('acme/eod', dataset), undefined, dataset)
})
