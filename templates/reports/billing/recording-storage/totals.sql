-- Each recording once; GB-days and charges are the sums of the rows.
WITH
cut_off AS (
  SELECT
    CAST($day_cut_off AS TIME) AS time,
    -- From noon on, a statistical day carries the date that it ends on.
    CASE WHEN CAST($day_cut_off AS TIME) < TIME '12:00' THEN 0 ELSE 1 END AS lead_days
),
dates AS (
  SELECT CAST(unnest(range(
    date_trunc('day', timezone($timezone, CAST($period_start AS TIMESTAMP) AT TIME ZONE 'UTC')) - INTERVAL 1 DAY,
    date_trunc('day', timezone($timezone, CAST($period_end AS TIMESTAMP) AT TIME ZONE 'UTC')) + INTERVAL 3 DAYS,
    INTERVAL 1 DAY
  )) AS DATE) AS begins_on
),
cut_off_moments AS (
  -- Around the cut-off of each date; where the clock changes there, its local time comes twice or never.
  SELECT
    begins_on,
    begins_on + time AS cut_off_at,
    unnest(range(
      timezone('UTC', timezone($timezone, cut_off_at)) - INTERVAL 3 HOURS,
      timezone('UTC', timezone($timezone, cut_off_at)) + INTERVAL 1 MINUTE,
      INTERVAL 1 MINUTE
    )) AS moment
  FROM dates, cut_off
),
day_starts AS (
  SELECT begins_on, min(moment) AS start_at
  FROM cut_off_moments
  WHERE timezone($timezone, moment AT TIME ZONE 'UTC') >= cut_off_at
  GROUP BY begins_on
),
days AS (
  SELECT
    begins_on + lead_days AS date,
    greatest(start_at, $period_start) AS from_at,
    least(lead(start_at) OVER (ORDER BY begins_on), $period_end) AS until_at
  FROM day_starts, cut_off
  QUALIFY from_at < until_at
),
workplaces AS (
  SELECT DISTINCT days.date, recordings.call_center, recordings.service
  FROM days, (SELECT DISTINCT call_center, service FROM recordings) AS recordings
),
day_rates AS (
  -- The service's own rate before that of all services, the latest of several.
  SELECT workplaces.date, workplaces.call_center, workplaces.service, rates.rate, rates.free_days
  FROM workplaces
  JOIN rates
    ON rates.item = 'gb-day'
    AND rates.call_center = workplaces.call_center
    AND (rates.service IS NULL OR rates.service = workplaces.service)
    AND rates.valid_from <= workplaces.date
    AND (rates.valid_until IS NULL OR rates.valid_until > workplaces.date)
  QUALIFY row_number() OVER (
    PARTITION BY workplaces.date, workplaces.call_center, workplaces.service
    ORDER BY rates.service NULLS LAST, rates.valid_from DESC, rates.rate
  ) = 1
),
stored AS (
  -- One row for each recording and statistical day on which it was there.
  SELECT
    recordings.recording_id,
    recordings.service,
    recordings.retention_days,
    recordings.bytes,
    day_rates.free_days,
    day_rates.rate,
    greatest(0, date_sub(
      'second',
      greatest(days.from_at, recordings.created_at + to_days(coalesce(day_rates.free_days, 0))),
      least(days.until_at, coalesce(recordings.deleted_at, days.until_at))
    )) AS billable_s
  FROM recordings
  JOIN days
    ON recordings.created_at < days.until_at
    AND coalesce(recordings.deleted_at, days.until_at) > days.from_at
  LEFT JOIN day_rates
    ON day_rates.date = days.date
    AND day_rates.call_center = recordings.call_center
    AND day_rates.service = recordings.service
),
recording_sums AS (
  -- Whole numbers: bytes times seconds, and these times millionths of the rate.
  SELECT
    recording_id,
    service,
    retention_days,
    free_days,
    bytes,
    sum(CAST(bytes AS HUGEINT) * billable_s) FILTER (rate IS NOT NULL) AS byte_seconds,
    sum(CAST(bytes AS HUGEINT) * billable_s * CAST(rate * 1000000 AS BIGINT)) AS charge_units
  FROM stored
  GROUP BY recording_id, service, retention_days, free_days, bytes
),
row_sums AS (
  SELECT
    service,
    retention_days,
    free_days,
    count(*) AS recordings,
    sum(bytes) AS bytes,
    sum(byte_seconds) AS byte_seconds,
    -- Ten-thousandths, half up, of 10^9 bytes, 86,400 seconds and 10^6 millionths.
    (sum(charge_units) + 4320000000000000) // 8640000000000000 AS charge_e4
  FROM recording_sums
  GROUP BY service, retention_days, free_days
),
different_recordings AS (
  SELECT DISTINCT recording_id, bytes
  FROM recording_sums
)
SELECT
  CAST(NULL AS VARCHAR) AS service,
  (SELECT count(*) FROM different_recordings) AS recordings,
  (SELECT coalesce(sum(bytes), 0) FROM different_recordings) / 1000000000 AS gb,
  CAST(NULL AS INTEGER) AS retention_days,
  CAST(NULL AS INTEGER) AS free_days,
  coalesce(sum(byte_seconds), 0) / 86400000000000 AS billable_gb_days,
  coalesce(sum(charge_e4), 0) * CAST(0.0001 AS DECIMAL(5, 4)) AS charge
FROM row_sums
