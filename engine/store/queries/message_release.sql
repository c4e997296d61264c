-- Fencing: a lease that was taken over has another token, and this changes nothing.
-- What was cancelled meanwhile is not tried again, whatever became of it.
UPDATE deliveries SET leased_until = NULL,
    next_at = CASE WHEN EXISTS (SELECT 1 FROM messages m WHERE m.id = :id AND m.state = 'cancelled') THEN NULL
        ELSE :next_at END
WHERE message_id = :id AND token = :token AND leased_until IS NOT NULL
