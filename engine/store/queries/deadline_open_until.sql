SELECT body, case_ref, state, closed_at FROM deadlines
WHERE state = 'open' AND due_at <= :until
ORDER BY due_at, id
