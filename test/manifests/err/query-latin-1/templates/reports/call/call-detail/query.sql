SELECT call_id, seconds FROM calls -- größe
