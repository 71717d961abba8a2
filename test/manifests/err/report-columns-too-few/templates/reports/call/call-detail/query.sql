SELECT 'a, b FROM' || call_id AS call_id FROM calls
