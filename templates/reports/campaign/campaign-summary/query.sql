-- One row a campaign: all of its calls where the run is of one, otherwise those that entered in the period.
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
)
-- Nothing of nothing has no percentage: the cell stays empty.
SELECT
  campaigns.campaign_id,
  campaigns.name AS campaign,
  campaigns.file,
  campaigns.service,
  campaigns.call_center,
  campaigns.state,
  campaigns.start_at,
  campaigns.end_at,
  coalesce(counted_records.records, 0) AS records,
  coalesce(counted_records.phones, 0) AS phones,
  coalesce(counted_calls.not_made, 0) AS not_made,
  coalesce(counted_calls.attempts, 0) AS attempts,
  100 * coalesce(counted_calls.accounts, 0) / nullif(counted_records.records, 0) AS penetration,
  coalesce(counted_calls.live_connects, 0) AS live_connects,
  100 * counted_calls.live_connects / nullif(counted_calls.attempts, 0) AS connect,
  coalesce(counted_calls.answering_machine, 0) AS answering_machine,
  coalesce(counted_calls.busy, 0) AS busy,
  coalesce(counted_calls.no_answer, 0) AS no_answer,
  coalesce(counted_calls.invalid, 0) AS invalid,
  coalesce(counted_calls.operator_transfers, 0) AS operator_transfers,
  coalesce(counted_calls.successful_transfers, 0) AS successful_transfers,
  100 * (counted_calls.operator_transfers - counted_calls.successful_transfers)
    / nullif(counted_calls.operator_transfers, 0) AS abandon,
  coalesce(counted_calls.rpc, 0) AS rpc,
  100 * counted_calls.rpc / nullif(counted_calls.live_connects, 0) AS rpc_share
FROM campaigns
LEFT JOIN counted_records USING (campaign_id)
LEFT JOIN counted_calls USING (campaign_id)
WHERE CASE
    WHEN CAST($campaign_id AS VARCHAR) IS NULL THEN counted_calls.campaign_id IS NOT NULL
    ELSE campaigns.campaign_id = $campaign_id
  END
ORDER BY campaigns.campaign_id
