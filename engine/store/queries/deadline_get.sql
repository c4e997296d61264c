SELECT body, case_ref, state, closed_at FROM deadlines WHERE id = :id
