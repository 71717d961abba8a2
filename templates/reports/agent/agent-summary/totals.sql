-- All agents together: averages and the occupancy of the sums, not of the rows.
WITH session_time AS (
  SELECT
    coalesce(sum(date_sub(
      'second',
      greatest(login_at, $period_start),
      least(coalesce(logoff_at, $period_end), $period_end)
    )), 0) AS logged_in
  FROM agent_sessions
  WHERE login_at < $period_end
    AND coalesce(logoff_at, $period_end) > $period_start
),
states AS (
  SELECT
    state,
    date_sub('second', greatest(start_at, $period_start), least(coalesce(end_at, $period_end), $period_end)) AS seconds
  FROM agent_states
  WHERE state <> 'Logoff'
    AND start_at < $period_end
    AND coalesce(end_at, $period_end) > $period_start
),
state_time AS (
  SELECT
    coalesce(sum(seconds) FILTER (state = 'Ready'), 0) AS ready,
    avg(seconds) FILTER (state = 'Ready' AND seconds > 0) AS avg_ready,
    coalesce(sum(seconds) FILTER (state = 'Not Ready'), 0) AS not_ready,
    coalesce(sum(seconds) FILTER (state = 'In Call'), 0) AS in_call,
    coalesce(sum(seconds) FILTER (state = 'Hold'), 0) AS hold,
    coalesce(sum(seconds) FILTER (state = 'Wrap'), 0) AS wrap
  FROM states
),
transfers AS (
  SELECT count(*) AS successful, avg(talk_s + wrap_s) AS aht
  FROM calls
  WHERE result = 'Operator Transfer'
    AND agent_logon IS NOT NULL
    AND start_at >= $period_start
    AND start_at < $period_end
)
SELECT
  CAST(NULL AS VARCHAR) AS logon,
  CAST(NULL AS VARCHAR) AS agent,
  CAST(NULL AS VARCHAR) AS team,
  CAST(NULL AS VARCHAR) AS service,
  session_time.logged_in AS logged_in_s,
  state_time.ready AS ready_s,
  state_time.avg_ready AS avg_ready_s,
  state_time.not_ready AS not_ready_s,
  state_time.in_call AS in_call_s,
  state_time.hold AS hold_s,
  state_time.wrap AS wrap_s,
  transfers.successful AS successful_transfers,
  transfers.aht,
  100 * (state_time.in_call + state_time.hold + state_time.wrap)
    / nullif(state_time.ready + state_time.in_call + state_time.hold + state_time.wrap, 0) AS occupancy
FROM session_time, state_time, transfers
