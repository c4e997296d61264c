INSERT INTO leaves (idx, case_ref, n) VALUES (:idx, :case, :n)
