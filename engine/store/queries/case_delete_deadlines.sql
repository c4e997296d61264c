DELETE FROM deadlines WHERE case_ref = :reference
