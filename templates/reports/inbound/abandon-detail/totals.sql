SELECT
  CAST(NULL AS VARCHAR) AS call_id,
  CAST(NULL AS TIMESTAMP) AS start_at,
  CAST(NULL AS VARCHAR) AS caller_id,
  CAST(NULL AS VARCHAR) AS dnis,
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS VARCHAR) AS skill,
  coalesce(sum(hold_s), 0) AS wait_s,
  CAST(NULL AS VARCHAR) AS stage,
  CAST(NULL AS VARCHAR) AS result,
  CAST(NULL AS VARCHAR) AS callback
FROM calls
WHERE direction = 'inbound'
  AND abandon_stage IS NOT NULL
  AND start_at >= $period_start
  AND start_at < $period_end
