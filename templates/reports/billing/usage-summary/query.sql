-- One row for each call center, service, direction, channel and rate of what was billed in the period.
WITH priced AS (
  SELECT
    client,
    call_center,
    service,
    direction || '/' || channel AS direction_channel,
    raw_s,
    billed_s,
    rate,
    -- Ten-thousandths, half up for each call: billed_s / 60 * rate, in whole numbers.
    (billed_s * CAST(rate * 1000000 AS BIGINT) + 3000) // 6000 AS charge_e4
  FROM billed_calls
  WHERE billed_at >= $period_start
    AND billed_at < $period_end
)
SELECT
  strftime(timezone($timezone, CAST($period_start AS TIMESTAMP) AT TIME ZONE 'UTC'), '%Y-%m-%dT%H:%M')
    || '/'
    || strftime(timezone($timezone, CAST($period_end AS TIMESTAMP) AT TIME ZONE 'UTC'), '%Y-%m-%dT%H:%M') AS period,
  client,
  call_center,
  service,
  direction_channel,
  count(*) AS calls,
  count(*) FILTER (raw_s > 0) AS connected,
  sum(raw_s) / 60 AS raw_minutes,
  sum(billed_s) / 60 AS billed_minutes,
  rate,
  sum(charge_e4) * CAST(0.0001 AS DECIMAL(5, 4)) AS charge
FROM priced
GROUP BY client, call_center, service, direction_channel, rate
ORDER BY call_center, service, direction_channel, rate
