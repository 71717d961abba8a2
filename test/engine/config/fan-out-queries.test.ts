/** What `validate` says of the queries of `fanOut`, by the parser of the database itself. */
import '../../fakes/clean-children.ts'
import t from 'tap'
import { compileJob } from '../../../engine/config/compile.ts'
import { loadConfigAside } from '../../../engine/config/load.ts'
import { formatProblemLine } from '../../../engine/config/problems.ts'
import { judgeQueries } from '../../../engine/reports/judge-queries.ts'
import { editSmall } from './golden.ts'

const standard = { revision: 'none', files: new Map() }
const file = 'jobs.d/acme/sites.yaml'

const job = (query: string) => `apiVersion: jobsd/v1
kind: Job
name: sites
title: Sites
client: acme
scope: client
trigger: { type: manual }
fanOut:
  query: ${query}
  parameters: [{ name: site, type: text }]
  key: site
  onEmpty: skip
steps:
  - { name: tell, type: notify, to: operators, message: "{param.site}" }
`

const loadWith = (query: string) => loadConfigAside(editSmall({ [file]: job(query) }), { standard })

t.test('a query that does not parse is told where it breaks, whatever way it is written', async (t) => {
  const cases = {
    'in quotes': ['"SELEC 1 AS site"', '9:11', 'the query does not parse: syntax error at or near "SELEC"'],
    'in a block': [
      "|\n    SELECT '€𝄞' AS\n      site FROM\n      calls WHERE WHERE",
      '12:19',
      'the query does not parse: syntax error at or near "WHERE"',
    ],
    folded: [
      '>\n    SELECT a AS\n    site FROM calls ((',
      '9:10',
      'the query does not parse: syntax error at end of input',
    ],
  }
  for (const [name, [query = '', place, message]] of Object.entries(cases)) {
    const { problems } = await loadWith(query)
    t.same(problems.map(formatProblemLine), [`${file}:${place}: ${message} [fan-out-query]`], name)
  }
})

t.test('one that is no single harmless SELECT is told as it is of reports', async (t) => {
  const cases = {
    '"SELECT 1 AS site; SELECT 2"': /exactly one SELECT/,
    '"DELETE FROM calls"': /exactly one SELECT/,
    '"DESCRIBE calls"': /not DESCRIBE or SHOW/,
    '"SELECT * FROM read_csv(\'/etc/passwd\') AS site"': /read_csv\(\) in FROM/,
  }
  for (const [query, message] of Object.entries(cases)) {
    const { problems } = await loadWith(query)
    t.match(problems, [{ file, line: 9, rule: 'fan-out-query', severity: 'error', message }], query)
  }
})

t.test('such a job does not compile, and every other one does', async (t) => {
  const config = await loadWith('"SELEC 1 AS site"')
  t.match(compileJob(config, 'acme/sites'), { problem: { rule: 'fan-out-query' } })
  t.hasProp(compileJob(config, 'acme/eod'), 'snapshot')
  t.equal(config.firstErrors.get(file)?.rule, 'fan-out-query')
})

t.test(
  'a query that is fine, and one that was judged before, have no problem and no second process',
  async (t) => {
    const query = '"SELECT DISTINCT call_center AS site FROM calls WHERE client = $client"'
    t.same((await loadWith(query)).problems, [])
    const bad = '"SELEC 3 AS site"'
    const first = (await loadWith(bad)).problems
    const { execPath } = process
    // There is no such program: whoever starts a process now fails.
    process.execPath = '/nowhere/node'
    t.teardown(() => {
      process.execPath = execPath
    })
    t.same((await loadWith(bad)).problems, first)
  },
)

t.test('a parser that dies of one text takes nobody along', async (t) => {
  const deep = `SELECT ${'('.repeat(200_000)}1${')'.repeat(200_000)} AS site`
  const judged = await judgeQueries([deep], new AbortController().signal)
  t.ok(judged === undefined || judged[0] !== null, 'it is refused, or there is no answer')
})
