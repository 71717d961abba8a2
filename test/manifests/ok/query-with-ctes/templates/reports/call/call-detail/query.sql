-- SELECT a, b
WITH x AS (SELECT 1 AS z, ',' AS y FROM calls) /* , */
SELECT DISTINCT calls.CALL_ID,
  sum(CASE WHEN talk_s > 0 THEN seconds ELSE 0 END) AS "seconds",
FROM calls, x GROUP BY ALL
UNION ALL SELECT a, b FROM c
