SELECT call_id, seconds FROM calls WHERE region = $region AND day = $day AND slot < $slot ORDER BY call_id
