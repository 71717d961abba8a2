-- One row a session that was open in the period, with its own times and its seconds within the period.
SELECT
  agent_sessions.logon,
  agents.name AS agent,
  agents.team,
  agent_sessions.service,
  agent_sessions.login_at,
  agent_sessions.logoff_at,
  date_sub(
    'second',
    greatest(login_at, $period_start),
    least(coalesce(logoff_at, $period_end), $period_end)
  ) AS duration_s,
  concat_ws(' / ', agent_sessions.ip, agent_sessions.audio_path) AS ip_audio_path,
  agent_sessions.logoff_reason
FROM agent_sessions
LEFT JOIN agents ON agents.logon = agent_sessions.logon
WHERE agent_sessions.login_at < $period_end
  AND coalesce(agent_sessions.logoff_at, $period_end) > $period_start
ORDER BY agent_sessions.logon, agent_sessions.login_at, agent_sessions.session_id
