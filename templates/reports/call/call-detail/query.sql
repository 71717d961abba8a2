-- One row a call. A call belongs to the period it entered: by its start, the end of the period exclusive.
SELECT
  calls.call_id,
  calls.client,
  calls.call_center,
  calls.service,
  calls.campaign_id,
  campaigns.name AS campaign,
  calls.account,
  calls.phone,
  calls.direction,
  calls.start_at,
  calls.answer_at,
  calls.end_at,
  date_sub('second', calls.start_at, calls.end_at) AS duration_s, -- ringing, waiting and talk
  calls.talk_s,
  calls.hold_s,
  calls.result,
  calls.custom_outcome_1,
  calls.custom_outcome_2,
  calls.custom_outcome_3,
  calls.agent_logon,
  calls.caller_id,
  calls.recording_id
FROM calls
LEFT JOIN campaigns USING (campaign_id)
WHERE calls.start_at >= $period_start
  AND calls.start_at < $period_end
ORDER BY calls.start_at, calls.call_id
