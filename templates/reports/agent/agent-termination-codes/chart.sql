-- The ten largest.
SELECT
  termination_code AS termination_code,
  sum(calls) AS calls
FROM result
GROUP BY ALL
ORDER BY calls DESC, termination_code
LIMIT 10
