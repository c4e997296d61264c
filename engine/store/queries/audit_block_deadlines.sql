SELECT id, case_ref, name, item, owner, version, state, due_at, due_on, next_reminder_at, then_at, passed_at, closed_at,
    body
FROM deadlines WHERE case_ref >= :low AND case_ref < :high AND case_ref <> '@office' ORDER BY case_ref
