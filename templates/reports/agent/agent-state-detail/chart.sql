-- The ten largest.
SELECT
  state AS state,
  sum(duration_s) / 3600 AS hours
FROM result
GROUP BY ALL
ORDER BY hours DESC, state
LIMIT 10
