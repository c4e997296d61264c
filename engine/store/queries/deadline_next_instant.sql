SELECT min(at) FROM (
    SELECT min(due_at) AS at FROM deadlines WHERE state = 'open' AND passed_at IS NULL
    UNION ALL
    SELECT min(then_at) FROM deadlines WHERE state = 'open' AND then_at IS NOT NULL
    UNION ALL
    SELECT min(next_reminder_at) FROM deadlines WHERE state = 'open' AND next_reminder_at IS NOT NULL
) AS instants
