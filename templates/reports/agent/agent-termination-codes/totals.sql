SELECT
  CAST(NULL AS VARCHAR) AS agent,
  CAST(NULL AS VARCHAR) AS team,
  CAST(NULL AS VARCHAR) AS termination_code,
  count(*) AS calls,
  CAST(NULL AS DOUBLE) AS share,
  avg(talk_s) AS avg_talk_s
FROM calls
WHERE agent_logon IS NOT NULL
  AND termination_code IS NOT NULL
  AND start_at >= $period_start
  AND start_at < $period_end
