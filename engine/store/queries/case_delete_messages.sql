DELETE FROM messages WHERE case_ref = :reference
