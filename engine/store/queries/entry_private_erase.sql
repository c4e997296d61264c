DELETE FROM entry_private WHERE case_ref = :case AND n = :n
