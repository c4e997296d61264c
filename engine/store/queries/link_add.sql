INSERT INTO links (case_ref, field, target) VALUES (:reference, :field, :target)
