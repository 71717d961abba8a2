-- The ten largest.
SELECT
  result AS result,
  sum(calls) AS calls
FROM result
GROUP BY ALL
ORDER BY calls DESC, result
LIMIT 10
