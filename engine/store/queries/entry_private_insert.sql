INSERT INTO entry_private (case_ref, n, salt, payload) VALUES (:case, :n, :salt, :payload)
