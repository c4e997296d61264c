DELETE FROM messages WHERE case_ref IN (SELECT reference FROM cases WHERE batch = :batch)
