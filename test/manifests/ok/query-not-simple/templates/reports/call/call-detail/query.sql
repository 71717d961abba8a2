FROM calls SELECT * ORDER BY call_id
