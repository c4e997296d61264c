DELETE FROM links WHERE case_ref IN (SELECT reference FROM cases WHERE batch = :batch)
