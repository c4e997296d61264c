SELECT snapshot, private FROM cases WHERE batch = :batch ORDER BY reference
