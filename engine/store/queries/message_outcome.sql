-- What was cancelled meanwhile stays cancelled, unless it has left or may have.
UPDATE messages SET
    state = CASE WHEN state = 'cancelled' AND :state NOT IN ('sent', 'unknown') THEN state ELSE :state END,
    sent_at = CASE WHEN :state = 'sent' THEN :at ELSE sent_at END,
    error = :error
WHERE id = :id
