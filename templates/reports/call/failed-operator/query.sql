-- One row for each service and hour in which a call was to be given to an agent.
WITH transfers AS (
  SELECT
    service,
    timezone($timezone, start_at AT TIME ZONE 'UTC') AS local_at,
    -- A moment, not a time of the clock: a repeated hour is two hours.
    start_at - (local_at - date_trunc('hour', local_at)) AS hour_at,
    hold_s,
    CASE
      WHEN result = 'Operator Transfer (Abandoned Max Hold Time)' THEN 'max-hold'
      WHEN result = 'Operator Transfer (Agent Abandoned)' THEN 'agent'
      WHEN abandon_stage IN ('queue', 'ringing') THEN 'caller'
      WHEN result = 'Operator Transfer' THEN 'none'
    END AS failure
  FROM calls
  WHERE start_at >= $period_start
    AND start_at < $period_end
),
counted AS (
  SELECT
    service,
    hour_at,
    count(*) AS operator_transfers,
    count(*) FILTER (failure = 'none') AS successful,
    count(*) FILTER (failure = 'max-hold') AS max_hold,
    count(*) FILTER (failure = 'agent') AS agent_abandoned,
    count(*) FILTER (failure = 'caller') AS caller_abandoned,
    avg(hold_s) FILTER (failure <> 'none') AS avg_hold
  FROM transfers
  WHERE failure IS NOT NULL
  GROUP BY service, hour_at
)
SELECT
  service,
  hour_at,
  operator_transfers,
  successful,
  max_hold,
  agent_abandoned,
  caller_abandoned,
  100 * (operator_transfers - successful) / nullif(operator_transfers, 0) AS fail_share,
  avg_hold
FROM counted
ORDER BY service, hour_at
