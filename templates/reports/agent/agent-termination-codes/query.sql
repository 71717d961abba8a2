-- One row for each agent and termination code.
WITH coded AS (
  SELECT agent_logon AS logon, termination_code, talk_s
  FROM calls
  WHERE agent_logon IS NOT NULL
    AND termination_code IS NOT NULL
    AND start_at >= $period_start
    AND start_at < $period_end
),
counted AS (
  SELECT
    logon,
    termination_code,
    count(*) AS calls,
    sum(count(*)) OVER (PARTITION BY logon) AS agent_calls,
    avg(talk_s) AS avg_talk
  FROM coded
  GROUP BY logon, termination_code
)
SELECT
  coalesce(agents.name, counted.logon) AS agent,
  agents.team,
  counted.termination_code,
  counted.calls,
  100 * counted.calls / nullif(counted.agent_calls, 0) AS share,
  counted.avg_talk AS avg_talk_s
FROM counted
LEFT JOIN agents ON agents.logon = counted.logon
ORDER BY coalesce(agents.name, counted.logon), counted.logon, counted.termination_code
