-- By the hour of the client's clock; by its day where the rows span more than one.
WITH local AS (
  SELECT
    *,
    timezone($timezone, login_at AT TIME ZONE 'UTC') AS local_at,
    (SELECT max(login_at) - min(login_at) > INTERVAL 25 HOUR FROM result) AS is_long
  FROM result
)
SELECT
  CASE WHEN is_long THEN strftime(local_at, '%Y-%m-%d') ELSE strftime(local_at, '%H:00') END AS time,
  count(*) AS logins
FROM local
GROUP BY time
ORDER BY min(login_at)
