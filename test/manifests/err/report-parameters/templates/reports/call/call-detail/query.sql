-- $nobody reads this
SELECT call_id, seconds FROM calls WHERE call_id <> '$neither' AND region = $region AND seconds > $least ORDER BY call_id
