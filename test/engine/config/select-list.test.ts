import t from 'tap'
import { selectedColumns } from '../../../engine/config/select-list.ts'

t.test('the columns of a query are read where they are plain or named by AS', async (t) => {
  const read: [sql: string, columns: string[]][] = [
    ['SELECT a, b FROM c', ['a', 'b']],
    ['select A, t.B, "C d", t."E" from t', ['a', 'b', 'c d', 'e']],
    ['SELECT count(*) AS n, max(a, b) AS "big one" FROM c', ['n', 'big one']],
    ["SELECT 'x, y FROM z' AS text, a -- , b\n FROM c", ['text', 'a']],
    ['WITH x AS (SELECT 1 AS one, 2 AS two) SELECT one FROM x', ['one']],
    ['SELECT a FROM b UNION ALL SELECT x, y FROM z', ['a']],
    ['FROM c SELECT a, b', ['a', 'b']],
    ['SELECT DISTINCT a, b FROM c', ['a', 'b']],
    ['SELECT a, b, FROM c', ['a', 'b']],
    ['/* SELECT z */ SELECT a;', ['a']],
    ['SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END AS c, (SELECT max(b) FROM d) AS e FROM f', ['c', 'e']],
    ["SELECT date_sub('second', a, b) AS s, [1, 2] AS l, {'k': 1} AS m", ['s', 'l', 'm']],
  ]
  for (const [sql, columns] of read) t.same(selectedColumns(sql), columns, sql)
})

t.test('a query that is not simple is left to the run', async (t) => {
  const left = [
    '',
    'SELECT * FROM c',
    'SELECT c.* FROM c',
    'SELECT a, count(*) FROM c GROUP BY a',
    'SELECT a + b FROM c',
    'SELECT DISTINCT ON (a) a, b FROM c',
    'SELECT COLUMNS(*) FROM c',
    'VALUES (1, 2)',
    'SELECT 1',
    "SELECT 'unclosed FROM c",
  ]
  for (const sql of left) t.equal(selectedColumns(sql), undefined, sql)
})
