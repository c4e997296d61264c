DELETE FROM deadlines WHERE case_ref IN (SELECT reference FROM cases WHERE batch = :batch)
