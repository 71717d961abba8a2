-- One row for each statistical day, service and rate: agents with a session, each counted once at any moment.
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
worked AS (
  SELECT
    days.date,
    agent_sessions.call_center,
    agent_sessions.service,
    agent_sessions.logon,
    greatest(agent_sessions.login_at, days.from_at) AS from_at,
    least(coalesce(agent_sessions.logoff_at, days.until_at), days.until_at) AS until_at
  FROM agent_sessions
  JOIN days
    ON agent_sessions.login_at < days.until_at
    AND coalesce(agent_sessions.logoff_at, days.until_at) > days.from_at
    -- One that ends as it begins takes no seat.
    AND agent_sessions.logoff_at IS DISTINCT FROM agent_sessions.login_at
),
workplaces AS (
  SELECT DISTINCT date, call_center, service
  FROM worked
),
day_rates AS (
  -- The service's own rate before that of all services, the latest of several.
  SELECT workplaces.date, workplaces.call_center, workplaces.service, rates.rate
  FROM workplaces
  JOIN rates
    ON rates.item = 'agent-hour'
    AND rates.call_center = workplaces.call_center
    AND (rates.service IS NULL OR rates.service = workplaces.service)
    AND rates.valid_from <= workplaces.date
    AND (rates.valid_until IS NULL OR rates.valid_until > workplaces.date)
  QUALIFY row_number() OVER (
    PARTITION BY workplaces.date, workplaces.call_center, workplaces.service
    ORDER BY rates.service NULLS LAST, rates.valid_from DESC, rates.rate
  ) = 1
),
priced AS (
  -- Equal ones once: each window below would bring them into an order of its own.
  SELECT DISTINCT
    worked.date,
    worked.service,
    day_rates.rate,
    worked.logon,
    worked.from_at,
    worked.until_at
  FROM worked
  LEFT JOIN day_rates
    ON day_rates.date = worked.date
    AND day_rates.call_center = worked.call_center
    AND day_rates.service = worked.service
),
starts AS (
  -- An agent's session that begins while another one is open goes on with that one.
  SELECT
    *,
    coalesce(from_at > max(until_at) OVER (
      PARTITION BY date, service, rate, logon
      ORDER BY from_at, until_at
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), true) AS is_start
  FROM priced
),
numbered AS (
  SELECT
    *,
    count(*) FILTER (is_start) OVER (
      PARTITION BY date, service, rate, logon
      ORDER BY from_at, until_at
      ROWS UNBOUNDED PRECEDING
    ) AS stretch
  FROM starts
),
stretches AS (
  SELECT date, service, rate, logon, min(from_at) AS from_at, max(until_at) AS until_at
  FROM numbered
  GROUP BY date, service, rate, logon, stretch
),
changes AS (
  SELECT date, service, rate, from_at AS moment, 1 AS change FROM stretches
  UNION ALL
  SELECT date, service, rate, until_at, -1 FROM stretches
),
changes_by_moment AS (
  SELECT date, service, rate, moment, sum(change) AS change
  FROM changes
  GROUP BY date, service, rate, moment
),
concurrent AS (
  SELECT
    date,
    service,
    rate,
    sum(change) OVER (PARTITION BY date, service, rate ORDER BY moment ROWS UNBOUNDED PRECEDING) AS agents
  FROM changes_by_moment
),
peaks AS (
  SELECT date, service, rate, max(agents) AS peak
  FROM concurrent
  GROUP BY date, service, rate
),
seats AS (
  SELECT
    date,
    service,
    rate,
    count(DISTINCT logon) AS agents,
    sum(date_sub('second', from_at, until_at)) AS seconds
  FROM stretches
  GROUP BY date, service, rate
)
SELECT
  seats.date,
  seats.service,
  seats.agents AS unique_agents,
  peaks.peak AS peak_concurrent,
  seats.seconds / 3600 AS agent_hours,
  seats.rate AS cost_per_hour,
  -- Ten-thousandths, half up: seconds / 3600 * rate, in whole numbers.
  ((seats.seconds * CAST(seats.rate * 1000000 AS BIGINT) + 180000) // 360000)
    * CAST(0.0001 AS DECIMAL(5, 4)) AS cost
FROM seats
JOIN peaks
  ON peaks.date = seats.date
  AND peaks.service = seats.service
  AND peaks.rate IS NOT DISTINCT FROM seats.rate
ORDER BY seats.date, seats.service, seats.rate
