SELECT call_id, second FROM calls ORDER BY call_id
