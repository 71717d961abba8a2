-- The charges of the calls, each rounded, as in the rows.
SELECT
  CAST(NULL AS VARCHAR) AS period,
  CAST(NULL AS VARCHAR) AS client,
  CAST(NULL AS VARCHAR) AS call_center,
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS VARCHAR) AS direction_channel,
  count(*) AS calls,
  count(*) FILTER (raw_s > 0) AS connected,
  coalesce(sum(raw_s), 0) / 60 AS raw_minutes,
  coalesce(sum(billed_s), 0) / 60 AS billed_minutes,
  CAST(NULL AS DECIMAL(12, 6)) AS rate,
  coalesce(sum((billed_s * CAST(rate * 1000000 AS BIGINT) + 3000) // 6000), 0)
    * CAST(0.0001 AS DECIMAL(5, 4)) AS charge
FROM billed_calls
WHERE billed_at >= $period_start
  AND billed_at < $period_end
