-- All services together: every share and rate of the sums.
WITH span AS (
  SELECT
    CAST(NULL AS VARCHAR) AS service,
    CAST($period_start AS TIMESTAMP) AS from_at,
    CAST($period_end AS TIMESTAMP) AS until_at
  WHERE CAST($campaign_id AS VARCHAR) IS NULL
  UNION ALL
  SELECT service, start_at, coalesce(end_at, CAST($period_end AS TIMESTAMP))
  FROM campaigns
  WHERE campaign_id = $campaign_id
),
session_seconds AS (
  SELECT
    agent_sessions.logon,
    date_sub('second', greatest(login_at, from_at), least(coalesce(logoff_at, until_at), until_at)) AS seconds
  FROM agent_sessions, span
  WHERE login_at < until_at
    AND coalesce(logoff_at, until_at) > from_at
    AND (span.service IS NULL OR agent_sessions.service = span.service)
),
state_seconds AS (
  SELECT
    agent_states.state,
    date_sub('second', greatest(start_at, from_at), least(coalesce(end_at, until_at), until_at)) AS seconds
  FROM agent_states, span
  WHERE state <> 'Logoff'
    AND start_at < until_at
    AND coalesce(end_at, until_at) > from_at
    AND (span.service IS NULL OR agent_states.service = span.service)
),
agent_time AS (
  SELECT count(DISTINCT logon) AS agents, coalesce(sum(seconds), 0) AS seconds
  FROM session_seconds
),
state_time AS (
  SELECT
    sum(seconds) AS seconds,
    coalesce(sum(seconds) FILTER (state IN ('In Call', 'Hold')), 0) AS talk,
    coalesce(sum(seconds) FILTER (state = 'Ready'), 0) AS ready,
    coalesce(sum(seconds) FILTER (state = 'Wrap'), 0) AS wrap,
    coalesce(sum(seconds) FILTER (state = 'Not Ready'), 0) AS not_ready
  FROM state_seconds
),
counted_calls AS (
  SELECT
    count(*) AS calls,
    count(*) FILTER (result LIKE 'Operator Transfer%' OR result IN ('Listened', 'Hung Up in Opening')) AS connects,
    count(*) FILTER (right_party) AS rpc,
    count(*) FILTER (result LIKE 'Operator Transfer%') AS operator_transfers,
    count(*) FILTER (result = 'Operator Transfer') AS successful_transfers
  FROM calls
  WHERE result NOT LIKE '%(Not Made)'
    AND CASE
      WHEN CAST($campaign_id AS VARCHAR) IS NULL THEN start_at >= $period_start AND start_at < $period_end
      ELSE campaign_id = $campaign_id
    END
)
SELECT
  CAST(NULL AS VARCHAR) AS service,
  agent_time.agents,
  agent_time.seconds / 3600 AS agent_hours,
  counted_calls.calls,
  3600 * counted_calls.calls / nullif(agent_time.seconds, 0) AS calls_per_hour,
  3600 * counted_calls.connects / nullif(agent_time.seconds, 0) AS connects_per_hour,
  3600 * counted_calls.rpc / nullif(agent_time.seconds, 0) AS rpc_per_hour,
  counted_calls.operator_transfers,
  100 * counted_calls.successful_transfers / nullif(counted_calls.operator_transfers, 0) AS success,
  100 * state_time.talk / nullif(state_time.seconds, 0) AS talk,
  100 * state_time.ready / nullif(state_time.seconds, 0) AS ready,
  100 * state_time.wrap / nullif(state_time.seconds, 0) AS wrap,
  100 * state_time.not_ready / nullif(state_time.seconds, 0) AS not_ready
FROM agent_time, state_time, counted_calls
