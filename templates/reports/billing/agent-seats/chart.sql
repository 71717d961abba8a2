-- Of all services.
SELECT
  date,
  sum(agent_hours) AS agent_hours
FROM result
GROUP BY date
ORDER BY date
