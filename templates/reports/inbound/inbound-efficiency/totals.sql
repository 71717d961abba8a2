-- All calls of the report together: averages and shares of all calls, not of the rows.
WITH offered AS (
  SELECT
    calls.hold_s,
    calls.talk_s,
    calls.wrap_s,
    calls.talk_s > 0 OR calls.result = 'Operator Transfer' AS is_handled,
    calls.abandon_stage IS NOT NULL AS is_abandoned,
    coalesce(calls.hold_s <= skills.answer_within_s, false) AS is_within,
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
    count(*) AS offered,
    count(*) FILTER (is_handled) AS handled,
    count(*) FILTER (is_abandoned) AS abandoned,
    count(*) FILTER (is_abandoned AND is_short) AS short_abandons,
    avg(hold_s) FILTER (is_handled) AS asa,
    avg(hold_s) FILTER (is_abandoned) AS avg_abandon_wait,
    max(hold_s) AS longest_wait,
    count(*) FILTER (is_handled AND is_within) AS in_sl,
    avg(talk_s) FILTER (is_handled) AS avg_talk,
    avg(wrap_s) FILTER (is_handled) AS avg_wrap,
    avg(talk_s + wrap_s) FILTER (is_handled) AS aht
  FROM offered
)
SELECT
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS TIMESTAMP) AS interval_at,
  offered,
  handled,
  100 * handled / nullif(offered, 0) AS handled_share,
  abandoned,
  100 * abandoned / nullif(offered, 0) AS abandon_share,
  short_abandons,
  asa,
  avg_abandon_wait,
  longest_wait,
  in_sl,
  100 * in_sl / nullif(offered - short_abandons, 0) AS sl_share,
  avg_talk,
  avg_wrap,
  aht
FROM counted
