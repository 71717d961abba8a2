SELECT
  CAST(NULL AS VARCHAR) AS call_id,
  CAST(NULL AS VARCHAR) AS client,
  CAST(NULL AS VARCHAR) AS call_center,
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS VARCHAR) AS campaign_id,
  CAST(NULL AS VARCHAR) AS campaign,
  CAST(NULL AS VARCHAR) AS account,
  CAST(NULL AS VARCHAR) AS phone,
  CAST(NULL AS VARCHAR) AS direction,
  CAST(NULL AS TIMESTAMP) AS start_at,
  CAST(NULL AS TIMESTAMP) AS answer_at,
  CAST(NULL AS TIMESTAMP) AS end_at,
  coalesce(sum(date_sub('second', start_at, end_at)), 0) AS duration_s,
  coalesce(sum(talk_s), 0) AS talk_s,
  coalesce(sum(hold_s), 0) AS hold_s,
  CAST(NULL AS VARCHAR) AS result,
  CAST(NULL AS VARCHAR) AS custom_outcome_1,
  CAST(NULL AS VARCHAR) AS custom_outcome_2,
  CAST(NULL AS VARCHAR) AS custom_outcome_3,
  CAST(NULL AS VARCHAR) AS agent_logon,
  CAST(NULL AS VARCHAR) AS caller_id,
  CAST(NULL AS VARCHAR) AS recording_id
FROM calls
WHERE calls.start_at >= $period_start
  AND calls.start_at < $period_end
