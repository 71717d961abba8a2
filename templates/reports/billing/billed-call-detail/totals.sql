SELECT
  CAST(NULL AS TIMESTAMP) AS billed_at,
  CAST(NULL AS VARCHAR) AS call_id,
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS VARCHAR) AS from_number,
  CAST(NULL AS VARCHAR) AS to_number,
  CAST(NULL AS VARCHAR) AS destination,
  coalesce(sum(raw_s), 0) AS raw_s,
  CAST(NULL AS INTEGER) AS increment_s,
  coalesce(sum(billed_s), 0) AS billed_s,
  CAST(NULL AS DECIMAL(12, 6)) AS rate,
  coalesce(sum((billed_s * CAST(rate * 1000000 AS BIGINT) + 3000) // 6000), 0)
    * CAST(0.0001 AS DECIMAL(5, 4)) AS charge
FROM billed_calls
WHERE billed_at >= $period_start
  AND billed_at < $period_end
