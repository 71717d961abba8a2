SELECT hour, count(*) AS number FROM result GROUP BY hour
