INSERT INTO entries (case_ref, n, line) VALUES (:case, :n, :line)
