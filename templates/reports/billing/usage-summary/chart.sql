-- The ten largest.
SELECT
  service AS service,
  sum(charge) AS charge
FROM result
GROUP BY ALL
ORDER BY charge DESC, service
LIMIT 10
