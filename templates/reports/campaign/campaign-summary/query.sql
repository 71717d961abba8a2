-- One row for the campaign, whenever its calls were made.
WITH counted_records AS (
  SELECT
    count(*) AS records,
    count(phone) + count(phone_2) AS phones
  FROM campaign_records
  WHERE campaign_id = $campaign_id
),
counted_calls AS (
  SELECT
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
  WHERE campaign_id = $campaign_id
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
FROM campaigns, counted_records, counted_calls
WHERE campaigns.campaign_id = $campaign_id
ORDER BY campaigns.campaign_id
