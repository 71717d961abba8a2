-- One row a call, found by account or phone: all calls of an account stand together.
SELECT
  calls.account,
  calls.phone,
  calls.start_at,
  campaigns.name AS campaign,
  calls.service,
  calls.result,
  coalesce(agents.name, calls.agent_logon) AS agent,
  date_sub('second', calls.start_at, calls.end_at) AS duration_s
FROM calls
LEFT JOIN campaigns ON campaigns.campaign_id = calls.campaign_id
LEFT JOIN agents ON agents.logon = calls.agent_logon
WHERE calls.start_at >= $period_start
  AND calls.start_at < $period_end
ORDER BY calls.account, calls.phone, calls.start_at, calls.call_id
