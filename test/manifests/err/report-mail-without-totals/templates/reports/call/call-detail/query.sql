SELECT call_id, second AS seconds FROM calls
