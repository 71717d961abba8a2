SELECT
  CAST(NULL AS VARCHAR) AS campaign,
  CAST(NULL AS VARCHAR) AS termination_code,
  CAST(NULL AS VARCHAR) AS custom_code,
  count(*) AS calls,
  CAST(NULL AS DOUBLE) AS connect_share
FROM calls
WHERE campaign_id IS NOT NULL
  AND (result LIKE 'Operator Transfer%' OR result IN ('Listened', 'Hung Up in Opening'))
  AND CASE
    WHEN CAST($campaign_id AS VARCHAR) IS NULL THEN start_at >= $period_start AND start_at < $period_end
    ELSE campaign_id = $campaign_id
  END
