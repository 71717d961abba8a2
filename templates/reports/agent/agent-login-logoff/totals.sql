SELECT
  CAST(NULL AS VARCHAR) AS logon,
  CAST(NULL AS VARCHAR) AS agent,
  CAST(NULL AS VARCHAR) AS team,
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS TIMESTAMP) AS login_at,
  CAST(NULL AS TIMESTAMP) AS logoff_at,
  coalesce(sum(date_sub(
    'second',
    greatest(login_at, $period_start),
    least(coalesce(logoff_at, $period_end), $period_end)
  )), 0) AS duration_s,
  CAST(NULL AS VARCHAR) AS ip_audio_path,
  CAST(NULL AS VARCHAR) AS logoff_reason
FROM agent_sessions
WHERE login_at < $period_end
  AND coalesce(logoff_at, $period_end) > $period_start
