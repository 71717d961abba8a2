-- The sums of the campaigns, and shares of these sums: an account that two campaigns dialed counts in both.
WITH counted_records AS (
  SELECT
    campaign_id,
    count(*) AS records,
    count(phone) + count(phone_2) AS phones
  FROM campaign_records
  GROUP BY campaign_id
),
counted_calls AS (
  SELECT
    campaign_id,
    count(*) FILTER (result LIKE '%(Not Made)') AS not_made,
    count(*) FILTER (result NOT LIKE '%(Not Made)') AS attempts,
    count(DISTINCT account) FILTER (result NOT LIKE '%(Not Made)') AS accounts,
    count(*) FILTER (result LIKE 'Operator Transfer%' OR result IN ('Listened', 'Hung Up in Opening')) AS live_connects,
    count(*) FILTER (result LIKE 'Answering Machine%') AS answering_machine,
    count(*) FILTER (result = 'Busy') AS busy,
    count(*) FILTER (result = 'No Answer') AS no_answer,
    count(*) FILTER (result = 'Invalid Phone Number') AS invalid,
    count(*) FILTER (result LIKE 'Operator Transfer%') AS operator_transfers,
    count(*) FILTER (result = 'Operator Transfer') AS successful_transfers,
    count(*) FILTER (right_party) AS rpc
  FROM calls
  WHERE campaign_id IS NOT NULL
    AND CASE
      WHEN CAST($campaign_id AS VARCHAR) IS NULL THEN start_at >= $period_start AND start_at < $period_end
      ELSE campaign_id = $campaign_id
    END
  GROUP BY campaign_id
),
summed AS (
  SELECT
    coalesce(sum(counted_records.records), 0) AS records,
    coalesce(sum(counted_records.phones), 0) AS phones,
    coalesce(sum(counted_calls.not_made), 0) AS not_made,
    coalesce(sum(counted_calls.attempts), 0) AS attempts,
    -- As in the rows: a campaign without records has no share of them.
    coalesce(sum(counted_calls.accounts) FILTER (counted_records.records > 0), 0) AS accounts,
    coalesce(sum(counted_calls.live_connects), 0) AS live_connects,
    coalesce(sum(counted_calls.answering_machine), 0) AS answering_machine,
    coalesce(sum(counted_calls.busy), 0) AS busy,
    coalesce(sum(counted_calls.no_answer), 0) AS no_answer,
    coalesce(sum(counted_calls.invalid), 0) AS invalid,
    coalesce(sum(counted_calls.operator_transfers), 0) AS operator_transfers,
    coalesce(sum(counted_calls.successful_transfers), 0) AS successful_transfers,
    coalesce(sum(counted_calls.rpc), 0) AS rpc
  FROM campaigns
  LEFT JOIN counted_records USING (campaign_id)
  LEFT JOIN counted_calls USING (campaign_id)
  WHERE CASE
      WHEN CAST($campaign_id AS VARCHAR) IS NULL THEN counted_calls.campaign_id IS NOT NULL
      ELSE campaigns.campaign_id = $campaign_id
    END
)
SELECT
  CAST(NULL AS VARCHAR) AS campaign_id,
  CAST(NULL AS VARCHAR) AS campaign,
  CAST(NULL AS VARCHAR) AS file,
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS VARCHAR) AS call_center,
  CAST(NULL AS VARCHAR) AS state,
  CAST(NULL AS TIMESTAMP) AS start_at,
  CAST(NULL AS TIMESTAMP) AS end_at,
  records,
  phones,
  not_made,
  attempts,
  100 * accounts / nullif(records, 0) AS penetration,
  live_connects,
  100 * live_connects / nullif(attempts, 0) AS connect,
  answering_machine,
  busy,
  no_answer,
  invalid,
  operator_transfers,
  successful_transfers,
  100 * (operator_transfers - successful_transfers) / nullif(operator_transfers, 0) AS abandon,
  rpc,
  100 * rpc / nullif(live_connects, 0) AS rpc_share
FROM summed
