-- The ten largest.
SELECT
  service AS service,
  sum(gb) AS gb
FROM result
GROUP BY ALL
ORDER BY gb DESC, service
LIMIT 10
