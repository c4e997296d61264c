INSERT INTO pending (case_ref, n) VALUES (:case, :n)
