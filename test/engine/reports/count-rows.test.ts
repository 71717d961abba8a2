import { DuckDBInstance } from '@duckdb/node-api'
import t from 'tap'
import { countRows } from '../../../engine/reports/stored-result.ts'

t.test('the rows of a query are counted however it ends', async (t) => {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  t.teardown(() => {
    connection.closeSync()
    instance.closeSync()
  })
  const count = (sql: string) =>
    countRows(connection, { report: 'call/probe', sql, parameters: { client: 'acme' } })
  const three = 'SELECT range, $client AS client FROM range(3)'
  for (const end of [
    '',
    '\n',
    ';',
    ' ; ',
    ';;\n',
    ';\n-- all; of it',
    '\n-- of; it',
    ' /* a;b */ ; /* c;d */',
  ]) {
    t.equal(await count(three + end), 3, JSON.stringify(end))
  }
  const texts = `SELECT ';' AS a, 1 AS "b;c", E'\\';' AS d, $x$;$x$ AS e`
  t.equal(await count(texts), 1)
  t.equal(await count(`${texts} -- ';'\n;`), 1)
  t.equal(await count(`WITH a AS (SELECT ';' AS x) FROM a UNION ALL SELECT $client;`), 2)
  await t.rejects(count('SELECT 1; SELECT 2'), /Parser Error/)
})
