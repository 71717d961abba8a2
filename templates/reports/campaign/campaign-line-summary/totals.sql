-- All rows together: the most lines of any row, and the lines of an average row.
WITH made AS (
  SELECT
    campaign_id,
    timezone($timezone, start_at AT TIME ZONE 'UTC') AS local_at,
    start_at - (local_at - date_trunc('hour', local_at)) AS hour_at,
    start_at,
    end_at,
    result,
    ring_s
  FROM calls
  WHERE campaign_id IS NOT NULL
    AND result NOT LIKE '%(Not Made)'
    AND CASE
      WHEN CAST($campaign_id AS VARCHAR) IS NULL THEN start_at >= $period_start AND start_at < $period_end
      ELSE campaign_id = $campaign_id
    END
),
campaign_hours AS (
  SELECT DISTINCT campaign_id, hour_at
  FROM made
),
line_changes AS (
  SELECT campaign_id, start_at AS moment, 1 AS change FROM made WHERE end_at > start_at
  UNION ALL
  SELECT campaign_id, end_at, -1 FROM made WHERE end_at > start_at
  UNION ALL
  SELECT campaign_id, unnest([hour_at, hour_at + INTERVAL 1 HOUR]), 0 FROM campaign_hours
),
line_moments AS (
  SELECT campaign_id, moment, sum(change) AS change
  FROM line_changes
  GROUP BY campaign_id, moment
),
line_stretches AS (
  SELECT
    campaign_id,
    moment,
    sum(change) OVER (PARTITION BY campaign_id ORDER BY moment ROWS UNBOUNDED PRECEDING) AS lines,
    date_sub('second', moment, lead(moment) OVER (PARTITION BY campaign_id ORDER BY moment)) AS seconds
  FROM line_moments
),
line_total AS (
  SELECT
    max(line_stretches.lines) AS max_lines,
    sum(line_stretches.lines * line_stretches.seconds) AS line_seconds
  FROM campaign_hours
  JOIN line_stretches
    ON line_stretches.campaign_id = campaign_hours.campaign_id
    AND line_stretches.moment >= campaign_hours.hour_at
    AND line_stretches.moment < campaign_hours.hour_at + INTERVAL 1 HOUR
),
counted AS (
  SELECT
    count(*) AS calls_made,
    count(*) FILTER (result LIKE 'Operator Transfer%' OR result IN ('Listened', 'Hung Up in Opening')) AS connects,
    count(*) FILTER (result LIKE 'Operator Transfer%') AS operator_transfers,
    count(*) FILTER (result = 'Operator Transfer') AS successful_transfers,
    avg(ring_s) AS avg_ring
  FROM made
)
SELECT
  CAST(NULL AS VARCHAR) AS campaign,
  CAST(NULL AS TIMESTAMP) AS hour_at,
  counted.calls_made,
  line_total.max_lines,
  line_total.line_seconds / (3600 * (SELECT nullif(count(*), 0) FROM campaign_hours)) AS avg_lines,
  counted.connects,
  counted.operator_transfers,
  100 * (counted.operator_transfers - counted.successful_transfers)
    / nullif(counted.operator_transfers, 0) AS abandon,
  counted.avg_ring
FROM counted, line_total
