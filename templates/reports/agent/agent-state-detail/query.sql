-- One row a stretch of a state within the period. A logoff is a moment without a duration.
SELECT
  logon,
  CASE WHEN state = 'Logoff' THEN start_at ELSE greatest(start_at, $period_start) END AS state_at,
  state,
  reason,
  CASE
    WHEN state <> 'Logoff' THEN
      date_sub('second', greatest(start_at, $period_start), least(coalesce(end_at, $period_end), $period_end))
  END AS duration_s,
  service
FROM agent_states
WHERE start_at < $period_end
  AND CASE
    WHEN state = 'Logoff' THEN start_at >= $period_start
    ELSE coalesce(end_at, $period_end) > $period_start
  END
ORDER BY logon, state_at, start_at, session_id, state, reason, duration_s, service
