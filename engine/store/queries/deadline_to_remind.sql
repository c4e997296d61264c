SELECT case_ref, id FROM deadlines
WHERE state = 'open' AND next_reminder_at IS NOT NULL AND next_reminder_at <= :now
ORDER BY next_reminder_at, id LIMIT :limit
