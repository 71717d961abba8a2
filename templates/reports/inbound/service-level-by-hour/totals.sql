-- All calls of the report together: averages and shares of all calls, not of the rows.
WITH offered AS (
  SELECT
    calls.hold_s,
    calls.talk_s > 0 OR calls.result = 'Operator Transfer' AS is_answered,
    calls.abandon_stage IS NOT NULL AS is_abandoned,
    coalesce(calls.hold_s <= skills.short_abandon_s, false) AS is_short
  FROM calls
  LEFT JOIN skills USING (call_center, skill)
  WHERE calls.direction = 'inbound'
    AND calls.skill IS NOT NULL
    AND calls.start_at >= $period_start
    AND calls.start_at < $period_end
),
counted AS (
  SELECT
    count(*) AS inbound,
    count(*) FILTER (is_answered) AS answered,
    count(*) FILTER (is_abandoned) AS abandoned,
    inbound - count(*) FILTER (is_abandoned AND is_short) AS countable,
    count(*) FILTER (is_answered AND hold_s <= 10) AS within_10,
    count(*) FILTER (is_answered AND hold_s <= 20) AS within_20,
    count(*) FILTER (is_answered AND hold_s <= 30) AS within_30,
    avg(hold_s) FILTER (is_answered) AS asa
  FROM offered
)
SELECT
  CAST(NULL AS VARCHAR) AS service_skill,
  CAST(NULL AS VARCHAR) AS hour,
  inbound,
  answered,
  abandoned,
  100 * within_10 / nullif(countable, 0) AS sl_10,
  100 * within_20 / nullif(countable, 0) AS sl_20,
  100 * within_30 / nullif(countable, 0) AS sl_30,
  asa
FROM counted
