DELETE FROM cases WHERE batch = :batch
