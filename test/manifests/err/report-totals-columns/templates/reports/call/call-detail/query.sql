SELECT call_id, talk_s FROM calls
