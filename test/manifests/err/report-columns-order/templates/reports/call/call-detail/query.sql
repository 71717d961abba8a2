-- AS it is: SELECT wrong FROM x
WITH a AS (SELECT 1 AS x, 2 AS y)
SELECT calls.seconds, calls.call_id FROM calls
