SELECT
  CAST(NULL AS VARCHAR) AS account,
  CAST(NULL AS VARCHAR) AS phone,
  CAST(NULL AS TIMESTAMP) AS start_at,
  CAST(NULL AS VARCHAR) AS campaign,
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS VARCHAR) AS result,
  CAST(NULL AS VARCHAR) AS agent,
  coalesce(sum(date_sub('second', start_at, end_at)), 0) AS duration_s
FROM calls
WHERE start_at >= $period_start
  AND start_at < $period_end
