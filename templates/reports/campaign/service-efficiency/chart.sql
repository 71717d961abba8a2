-- The ten largest services.
SELECT
  service,
  calls_per_hour
FROM result
ORDER BY calls DESC, service
LIMIT 10
