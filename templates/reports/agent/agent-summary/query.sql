-- One row for each agent and service: the agent's time within the period, and the calls that entered in it.
WITH session_time AS (
  SELECT
    logon,
    service,
    sum(date_sub(
      'second',
      greatest(login_at, $period_start),
      least(coalesce(logoff_at, $period_end), $period_end)
    )) AS logged_in
  FROM agent_sessions
  WHERE login_at < $period_end
    AND coalesce(logoff_at, $period_end) > $period_start
  GROUP BY logon, service
),
states AS (
  SELECT
    logon,
    service,
    state,
    date_sub('second', greatest(start_at, $period_start), least(coalesce(end_at, $period_end), $period_end)) AS seconds
  FROM agent_states
  WHERE state <> 'Logoff'
    AND start_at < $period_end
    AND coalesce(end_at, $period_end) > $period_start
),
state_time AS (
  SELECT
    logon,
    service,
    coalesce(sum(seconds) FILTER (state = 'Ready'), 0) AS ready,
    avg(seconds) FILTER (state = 'Ready' AND seconds > 0) AS avg_ready,
    coalesce(sum(seconds) FILTER (state = 'Not Ready'), 0) AS not_ready,
    coalesce(sum(seconds) FILTER (state = 'In Call'), 0) AS in_call,
    coalesce(sum(seconds) FILTER (state = 'Hold'), 0) AS hold,
    coalesce(sum(seconds) FILTER (state = 'Wrap'), 0) AS wrap
  FROM states
  GROUP BY logon, service
),
transfers AS (
  SELECT
    agent_logon AS logon,
    service,
    count(*) AS successful,
    avg(talk_s + wrap_s) AS aht
  FROM calls
  WHERE result = 'Operator Transfer'
    AND agent_logon IS NOT NULL
    AND start_at >= $period_start
    AND start_at < $period_end
  GROUP BY agent_logon, service
),
workplaces AS (
  SELECT logon, service FROM session_time
  UNION
  SELECT logon, service FROM state_time
  UNION
  SELECT logon, service FROM transfers
)
SELECT
  workplaces.logon,
  agents.name AS agent,
  agents.team,
  workplaces.service,
  coalesce(session_time.logged_in, 0) AS logged_in_s,
  coalesce(state_time.ready, 0) AS ready_s,
  state_time.avg_ready AS avg_ready_s,
  coalesce(state_time.not_ready, 0) AS not_ready_s,
  coalesce(state_time.in_call, 0) AS in_call_s,
  coalesce(state_time.hold, 0) AS hold_s,
  coalesce(state_time.wrap, 0) AS wrap_s,
  coalesce(transfers.successful, 0) AS successful_transfers,
  transfers.aht,
  100 * (state_time.in_call + state_time.hold + state_time.wrap)
    / nullif(state_time.ready + state_time.in_call + state_time.hold + state_time.wrap, 0) AS occupancy
FROM workplaces
LEFT JOIN session_time USING (logon, service)
LEFT JOIN state_time USING (logon, service)
LEFT JOIN transfers USING (logon, service)
LEFT JOIN agents ON agents.logon = workplaces.logon
ORDER BY workplaces.logon, workplaces.service
