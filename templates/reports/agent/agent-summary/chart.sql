-- The ten largest.
SELECT
  team AS team,
  sum(ready_s) / 3600 AS ready,
  sum(in_call_s) / 3600 AS in_call,
  sum(not_ready_s) / 3600 AS not_ready
FROM result
GROUP BY ALL
ORDER BY ready DESC, team
LIMIT 10
