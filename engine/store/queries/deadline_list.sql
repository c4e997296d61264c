SELECT body, case_ref, state, closed_at FROM deadlines
WHERE (:case IS NULL OR case_ref = :case)
  AND (:state IS NULL OR state = :state)
  AND (:until IS NULL OR due_at <= :until)
ORDER BY due_at, id
