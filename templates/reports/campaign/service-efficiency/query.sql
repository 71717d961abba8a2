-- One row a service: what its calls came to for each hour of its agents.
WITH span AS (
  SELECT
    CAST(NULL AS VARCHAR) AS service,
    CAST($period_start AS TIMESTAMP) AS from_at,
    CAST($period_end AS TIMESTAMP) AS until_at
  WHERE CAST($campaign_id AS VARCHAR) IS NULL
  UNION ALL
  -- The agents' time is that of the campaign's service while the campaign ran.
  SELECT service, start_at, coalesce(end_at, CAST($period_end AS TIMESTAMP))
  FROM campaigns
  WHERE campaign_id = $campaign_id
),
session_seconds AS (
  SELECT
    agent_sessions.service,
    agent_sessions.logon,
    date_sub('second', greatest(login_at, from_at), least(coalesce(logoff_at, until_at), until_at)) AS seconds
  FROM agent_sessions, span
  WHERE login_at < until_at
    AND coalesce(logoff_at, until_at) > from_at
    AND (span.service IS NULL OR agent_sessions.service = span.service)
),
state_seconds AS (
  SELECT
    agent_states.service,
    agent_states.state,
    date_sub('second', greatest(start_at, from_at), least(coalesce(end_at, until_at), until_at)) AS seconds
  FROM agent_states, span
  WHERE state <> 'Logoff'
    AND start_at < until_at
    AND coalesce(end_at, until_at) > from_at
    AND (span.service IS NULL OR agent_states.service = span.service)
),
agent_time AS (
  SELECT service, count(DISTINCT logon) AS agents, sum(seconds) AS seconds
  FROM session_seconds
  GROUP BY service
),
state_time AS (
  SELECT
    service,
    sum(seconds) AS seconds,
    coalesce(sum(seconds) FILTER (state IN ('In Call', 'Hold')), 0) AS talk,
    coalesce(sum(seconds) FILTER (state = 'Ready'), 0) AS ready,
    coalesce(sum(seconds) FILTER (state = 'Wrap'), 0) AS wrap,
    coalesce(sum(seconds) FILTER (state = 'Not Ready'), 0) AS not_ready
  FROM state_seconds
  GROUP BY service
),
counted_calls AS (
  SELECT
    service,
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
  GROUP BY service
),
services AS (
  SELECT service FROM agent_time
  UNION
  SELECT service FROM state_time
  UNION
  SELECT service FROM counted_calls
)
SELECT
  services.service,
  coalesce(agent_time.agents, 0) AS agents,
  coalesce(agent_time.seconds, 0) / 3600 AS agent_hours,
  coalesce(counted_calls.calls, 0) AS calls,
  3600 * coalesce(counted_calls.calls, 0) / nullif(agent_time.seconds, 0) AS calls_per_hour,
  3600 * coalesce(counted_calls.connects, 0) / nullif(agent_time.seconds, 0) AS connects_per_hour,
  3600 * coalesce(counted_calls.rpc, 0) / nullif(agent_time.seconds, 0) AS rpc_per_hour,
  coalesce(counted_calls.operator_transfers, 0) AS operator_transfers,
  100 * counted_calls.successful_transfers / nullif(counted_calls.operator_transfers, 0) AS success,
  100 * state_time.talk / nullif(state_time.seconds, 0) AS talk,
  100 * state_time.ready / nullif(state_time.seconds, 0) AS ready,
  100 * state_time.wrap / nullif(state_time.seconds, 0) AS wrap,
  100 * state_time.not_ready / nullif(state_time.seconds, 0) AS not_ready
FROM services
LEFT JOIN agent_time USING (service)
LEFT JOIN state_time USING (service)
LEFT JOIN counted_calls USING (service)
ORDER BY services.service
