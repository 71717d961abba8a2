SELECT
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS VARCHAR) AS result,
  CAST(NULL AS VARCHAR) AS custom_code,
  CAST(NULL AS VARCHAR) AS made,
  count(*) AS calls,
  CAST(NULL AS DOUBLE) AS attempt_share,
  avg(date_sub('second', start_at, end_at)) FILTER (result NOT LIKE '%(Not Made)') AS avg_duration
FROM calls
WHERE start_at >= $period_start
  AND start_at < $period_end
