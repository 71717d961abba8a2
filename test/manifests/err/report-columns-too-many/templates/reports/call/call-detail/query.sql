SELECT DISTINCT call_id, max(seconds) AS seconds, count(*) AS calls FROM calls GROUP BY call_id
