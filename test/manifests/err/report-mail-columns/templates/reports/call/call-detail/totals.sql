SELECT CAST(NULL AS VARCHAR) AS call_id, sum(second) AS seconds FROM calls
