import '../../fakes/clean-children.ts'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type OutcomeMap, outcomeMapOf } from '../../../engine/reports/outcome-map.ts'
import { runReport } from '../../../engine/reports/run-report.ts'
import { createProbe } from './probe-report.ts'

const folder = t.testdir({ csv: {}, few: {}, work: {} })
const { request, dataset } = createProbe(folder)
const never = new AbortController().signal

// Own codes in the data, a result in two services, one that no entry names, and no result at all.
const calls = [
  ['1', 'sales', 'Operator Transfer', 'old', 'older', 'oldest'],
  ['2', 'collections', 'Operator Transfer', '', '', ''],
  ['3', 'sales', 'Busy', 'old', '', ''],
  ['4', 'sales', 'Fax', 'old', '', ''],
  ['5', 'sales', '', 'old', '', ''],
]
const outcomes: OutcomeMap = {
  entries: [
    { result: 'Operator Transfer', codes: ['CONTACT', 'RPC', '9'] },
    { result: 'Operator Transfer', service: 'collections', codes: ['C1'] },
    { result: 'Busy', codes: ["B'1", 'B2'] },
    { result: 'Fax', service: 'collections', codes: ['FAX'] },
  ],
  fallback: 'platform-code',
}

t.before(() => {
  const rows = calls.map((cells) => ['acme', 'dallas', ...cells].join(','))
  const names = 'client,call_center,call_id,service,result'
  writeFileSync(
    join(folder, 'csv/calls.csv'),
    [`${names},custom_outcome_1,custom_outcome_2,custom_outcome_3`, ...rows, ''].join('\n'),
  )
  const few = rows.map((row) => row.split(',').slice(0, 5).join(','))
  writeFileSync(join(folder, 'few/calls.csv'), [names, ...few, ''].join('\n'))
})

async function codesOf(map: OutcomeMap | undefined, path = 'csv'): Promise<string[]> {
  const sql = `SELECT call_id, custom_outcome_1, custom_outcome_2, custom_outcome_3 FROM calls ORDER BY call_id`
  const names = 'call_id custom_outcome_1 custom_outcome_2 custom_outcome_3'
  const rest = { dataset: dataset(path, 'csv'), ...(map && { outcomes: map }) }
  await runReport(request(sql, names, rest), never)
  return readFileSync(join(folder, 'out.csv'), 'utf8').split('\n').slice(1, -1)
}

t.test('a result becomes the codes of its service, else of the client, else its own name', async (t) => {
  const mapped = ['1,CONTACT,RPC,9', '2,C1,,', "3,B'1,B2,", '4,Fax,,', '5,,,']
  t.same(await codesOf(outcomes), mapped)
  t.same(await codesOf(outcomes, 'few'), mapped, 'also where the data has no such columns')
})

t.test('the fallback may be nothing, and without a map the data counts', async (t) => {
  t.same(await codesOf({ ...outcomes, fallback: 'empty' }), [
    '1,CONTACT,RPC,9',
    '2,C1,,',
    "3,B'1,B2,",
    '4,,,',
    '5,,,',
  ])
  t.same(await codesOf(undefined), ['1,old,older,oldest', '2,,,', '3,old,,', '4,old,,', '5,old,,'])
  t.equal(outcomeMapOf({} as never), undefined)
})

t.test('a query sees the calls only, not the table of the codes', async (t) => {
  const sql = 'SELECT result AS a FROM codes'
  const mapped = { dataset: dataset('csv', 'csv'), outcomes }
  await t.rejects(runReport(request(sql, 'a', mapped), never), { code: 'REPORT_FAILED' })
})
