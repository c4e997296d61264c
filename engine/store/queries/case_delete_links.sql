DELETE FROM links WHERE case_ref = :reference
