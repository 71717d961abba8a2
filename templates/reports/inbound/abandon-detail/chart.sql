-- By the hour of the client's clock; by its day where the rows span more than one.
WITH local AS (
  SELECT
    *,
    timezone($timezone, start_at AT TIME ZONE 'UTC') AS local_at,
    (SELECT max(start_at) - min(start_at) > INTERVAL 25 HOUR FROM result) AS is_long
  FROM result
)
SELECT
  CASE WHEN is_long THEN strftime(local_at, '%Y-%m-%d') ELSE strftime(local_at, '%H:00') END AS time,
  count(*) AS calls
FROM local
GROUP BY time
ORDER BY min(start_at)
