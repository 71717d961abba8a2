-- One row for each campaign, termination code and custom code of the calls that reached a person.
WITH connects AS (
  SELECT campaign_id, termination_code, custom_outcome_1 AS custom_code
  FROM calls
  WHERE campaign_id IS NOT NULL
    AND (result LIKE 'Operator Transfer%' OR result IN ('Listened', 'Hung Up in Opening'))
    AND CASE
      WHEN CAST($campaign_id AS VARCHAR) IS NULL THEN start_at >= $period_start AND start_at < $period_end
      ELSE campaign_id = $campaign_id
    END
),
counted AS (
  SELECT
    campaign_id,
    termination_code,
    custom_code,
    count(*) AS calls,
    sum(count(*)) OVER (PARTITION BY campaign_id) AS campaign_connects
  FROM connects
  GROUP BY campaign_id, termination_code, custom_code
)
SELECT
  campaigns.name AS campaign,
  counted.termination_code,
  counted.custom_code,
  counted.calls,
  100 * counted.calls / nullif(counted.campaign_connects, 0) AS connect_share
FROM counted
LEFT JOIN campaigns USING (campaign_id)
ORDER BY campaigns.name, counted.campaign_id, counted.termination_code, counted.custom_code
