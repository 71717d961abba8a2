import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { selectedColumns } from '../../engine/config/select-list.ts'
import { standardReports } from './report-cases.ts'

const reports = standardReports()

t.test('there are nineteen reports, each with what it is modelled on and what its total is', async (t) => {
  t.equal(reports.length, 19)
  for (const { id, definition } of reports) {
    t.equal(`${definition.category}/${definition.name}`, id)
    t.match(definition.description, /^Modelled on the /, id)
    t.match(definition.description, /The Total row/, id)
  }
})

t.test('the headings are those that people know', async (t) => {
  const known = readFileSync(join(import.meta.dirname, '../fixtures/reports/headings.txt'), 'utf8')
  const given = reports.map(
    ({ id, definition }) => `${id}: ${definition.columns.map(({ title }) => title).join(', ')}\n`,
  )
  t.equal(given.join(''), known)
})

t.test(
  'validate can read the columns of every query, so that it finds a drift before a run does',
  async (t) => {
    for (const { id, definition, query, totals } of reports) {
      const names = definition.columns.map(({ name }) => name)
      t.same(selectedColumns(query), names, `${id}: query.sql`)
      t.same(selectedColumns(totals), names, `${id}: totals.sql`)
    }
  },
)
