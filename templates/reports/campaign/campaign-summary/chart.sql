-- The ten largest.
SELECT
  campaign AS campaign,
  sum(attempts) AS attempts,
  sum(live_connects) AS live_connects
FROM result
GROUP BY ALL
ORDER BY attempts DESC, campaign
LIMIT 10
