-- Of all services and skills.
SELECT
  hour,
  sum(inbound) AS inbound,
  sum(answered) AS answered
FROM result
GROUP BY hour
ORDER BY hour
