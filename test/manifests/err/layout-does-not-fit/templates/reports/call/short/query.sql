SELECT call_id FROM calls
