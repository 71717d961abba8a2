-- One row for each inbound call that was lost before an agent had it, wherever that was.
SELECT
  call_id,
  start_at,
  phone AS caller_id, -- the other side's number
  dnis,
  service,
  skill,
  hold_s AS wait_s,
  CASE abandon_stage WHEN 'ivr' THEN 'IVR' ELSE abandon_stage END AS stage,
  result,
  CASE WHEN callback THEN 'Y' ELSE 'N' END AS callback
FROM calls
WHERE direction = 'inbound'
  AND abandon_stage IS NOT NULL
  AND start_at >= $period_start
  AND start_at < $period_end
ORDER BY start_at, call_id
