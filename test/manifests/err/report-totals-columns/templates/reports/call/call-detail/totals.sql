SELECT NULL AS call_id, sum(talk_s) AS talk_seconds FROM calls
