-- One row a billed call, by the time of billing.
SELECT
  billed_at,
  call_id,
  service,
  from_number,
  to_number,
  destination,
  raw_s,
  increment_s,
  billed_s,
  rate,
  -- Ten-thousandths, half up: billed_s / 60 * rate, in whole numbers.
  ((billed_s * CAST(rate * 1000000 AS BIGINT) + 3000) // 6000) * CAST(0.0001 AS DECIMAL(5, 4)) AS charge
FROM billed_calls
WHERE billed_at >= $period_start
  AND billed_at < $period_end
ORDER BY ALL
