SELECT idx FROM leaves WHERE case_ref = :case AND n = :n
