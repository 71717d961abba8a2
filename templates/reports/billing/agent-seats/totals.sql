-- Agents of all services together, each once at any moment; hours and costs are the sums of the rows.
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
row_starts AS (
  SELECT
    *,
    coalesce(from_at > max(until_at) OVER (
      PARTITION BY date, service, rate, logon
      ORDER BY from_at, until_at
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), true) AS is_start
  FROM priced
),
row_numbered AS (
  SELECT
    *,
    count(*) FILTER (is_start) OVER (
      PARTITION BY date, service, rate, logon
      ORDER BY from_at, until_at
      ROWS UNBOUNDED PRECEDING
    ) AS stretch
  FROM row_starts
),
row_stretches AS (
  SELECT date, service, rate, date_sub('second', min(from_at), max(until_at)) AS seconds
  FROM row_numbered
  GROUP BY date, service, rate, logon, stretch
),
row_seconds AS (
  SELECT rate, sum(seconds) AS seconds
  FROM row_stretches
  GROUP BY date, service, rate
),
agent_starts AS (
  SELECT
    logon,
    from_at,
    until_at,
    coalesce(from_at > max(until_at) OVER (
      PARTITION BY logon
      ORDER BY from_at, until_at
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), true) AS is_start
  FROM (SELECT DISTINCT logon, from_at, until_at FROM worked)
),
agent_numbered AS (
  SELECT
    *,
    count(*) FILTER (is_start) OVER (
      PARTITION BY logon
      ORDER BY from_at, until_at
      ROWS UNBOUNDED PRECEDING
    ) AS stretch
  FROM agent_starts
),
agent_stretches AS (
  SELECT logon, min(from_at) AS from_at, max(until_at) AS until_at
  FROM agent_numbered
  GROUP BY logon, stretch
),
changes AS (
  SELECT from_at AS moment, 1 AS change FROM agent_stretches
  UNION ALL
  SELECT until_at, -1 FROM agent_stretches
),
changes_by_moment AS (
  SELECT moment, sum(change) AS change
  FROM changes
  GROUP BY moment
),
concurrent AS (
  SELECT sum(change) OVER (ORDER BY moment ROWS UNBOUNDED PRECEDING) AS agents
  FROM changes_by_moment
)
SELECT
  CAST(NULL AS DATE) AS date,
  CAST(NULL AS VARCHAR) AS service,
  (SELECT count(DISTINCT logon) FROM agent_stretches) AS unique_agents,
  (SELECT coalesce(max(agents), 0) FROM concurrent) AS peak_concurrent,
  coalesce(sum(seconds), 0) / 3600 AS agent_hours,
  CAST(NULL AS DECIMAL(12, 6)) AS cost_per_hour,
  coalesce(sum((seconds * CAST(rate * 1000000 AS BIGINT) + 180000) // 360000), 0)
    * CAST(0.0001 AS DECIMAL(5, 4)) AS cost
FROM row_seconds
