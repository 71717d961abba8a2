SELECT call_id, seconds FROM calls ORDER BY call_id
