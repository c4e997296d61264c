SELECT snapshot, private FROM cases WHERE parent = :reference ORDER BY reference
