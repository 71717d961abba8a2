import t from 'tap'
import { namedColumns } from '../../../engine/reports/named-columns.ts'

async function namesOf(...queries: string[]): Promise<string[] | null> {
  const names = await namedColumns(queries)
  return names && [...names].sort()
}

t.test('every name that could be a column is there, wherever it stands', async (t) => {
  t.same(
    await namesOf(
      `WITH a AS (SELECT Calls.Service AS s, sum(talk_s) FILTER (result = 'x') OVER (PARTITION BY skill) AS n
        FROM calls JOIN campaigns USING (campaign_id) WHERE start_at >= $period_start GROUP BY ALL HAVING max(hold_s) > 1)
      SELECT s, count(*) AS "all", (SELECT max(name) FROM agents WHERE logon = a.s) FROM a ORDER BY n`,
      'SELECT wrap_s FROM calls',
    ),
    [
      ...['a', 'calls', 'campaign_id', 'hold_s', 'logon', 'n', 'name', 'result', 's', 'service'],
      ...['skill', 'start_at', 'talk_s', 'wrap_s'],
    ],
  )
})

t.test('a query that can see a column without its name needs all of them', async (t) => {
  for (const sql of [
    'SELECT * FROM calls',
    'FROM calls',
    'SELECT c.* EXCLUDE (phone) FROM calls c',
    "SELECT COLUMNS('_s$') FROM calls",
    'SELECT #1 FROM calls',
    'SELECT calls FROM calls',
    'SELECT to_json(C) FROM calls AS c',
    'SELECT service FROM calls NATURAL JOIN campaigns',
    'SELECT a FROM calls AS x(a)',
    'SELECT count(*) FROM (SELECT * FROM calls)',
    'SELECT service FROM calls UNION ALL FROM calls',
    'PIVOT calls ON result USING count(*)',
    "SELECT dallas FROM calls PIVOT (count(*) FOR call_center IN ('dallas'))",
    'SELECT max(service) FROM (PIVOT calls ON result USING count(*))',
  ]) {
    t.equal(await namesOf('SELECT service FROM agents', sql), null, sql)
  }
  t.same(await namesOf('SELECT count(*) FROM calls'), [])
})
