-- One row for each service, result and custom code. What was never dialed is no attempt and has no duration.
WITH entered AS (
  SELECT
    service,
    result,
    custom_outcome_1 AS custom_code,
    result NOT LIKE '%(Not Made)' AS is_made,
    date_sub('second', start_at, end_at) AS duration_s
  FROM calls
  WHERE start_at >= $period_start
    AND start_at < $period_end
),
attempts_of_service AS (
  SELECT service, count(*) FILTER (is_made) AS attempts
  FROM entered
  GROUP BY service
),
counted AS (
  SELECT service, result, custom_code, is_made, count(*) AS calls, avg(duration_s) AS avg_duration
  FROM entered
  GROUP BY service, result, custom_code, is_made
)
SELECT
  counted.service,
  counted.result,
  counted.custom_code,
  CASE WHEN counted.is_made THEN 'Y' ELSE 'N' END AS made,
  counted.calls,
  CASE WHEN counted.is_made THEN 100 * counted.calls / nullif(attempts_of_service.attempts, 0) END AS attempt_share,
  CASE WHEN counted.is_made THEN counted.avg_duration END AS avg_duration
FROM counted
JOIN attempts_of_service USING (service)
ORDER BY counted.service, counted.result, counted.custom_code
