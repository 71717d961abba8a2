SELECT
  CAST(NULL AS VARCHAR) AS logon,
  CAST(NULL AS TIMESTAMP) AS state_at,
  CAST(NULL AS VARCHAR) AS state,
  CAST(NULL AS VARCHAR) AS reason,
  coalesce(sum(date_sub(
    'second',
    greatest(start_at, $period_start),
    least(coalesce(end_at, $period_end), $period_end)
  )), 0) AS duration_s,
  CAST(NULL AS VARCHAR) AS service
FROM agent_states
WHERE state <> 'Logoff'
  AND start_at < $period_end
  AND coalesce(end_at, $period_end) > $period_start
