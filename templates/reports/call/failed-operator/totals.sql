-- All transfers of the report together: the average and the share of all calls, not of the rows.
WITH transfers AS (
  SELECT
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
    count(*) AS operator_transfers,
    count(*) FILTER (failure = 'none') AS successful,
    count(*) FILTER (failure = 'max-hold') AS max_hold,
    count(*) FILTER (failure = 'agent') AS agent_abandoned,
    count(*) FILTER (failure = 'caller') AS caller_abandoned,
    avg(hold_s) FILTER (failure <> 'none') AS avg_hold
  FROM transfers
  WHERE failure IS NOT NULL
)
SELECT
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS TIMESTAMP) AS hour_at,
  operator_transfers,
  successful,
  max_hold,
  agent_abandoned,
  caller_abandoned,
  100 * (operator_transfers - successful) / nullif(operator_transfers, 0) AS fail_share,
  avg_hold
FROM counted
