-- Taking over a lease that ran out is no attempt of its own: it only tells what became of the one before.
INSERT INTO deliveries (message_id, token, attempts, leased_until) VALUES (:id, 1, 1, :until)
ON CONFLICT (message_id) DO UPDATE SET
    token = deliveries.token + 1, attempts = deliveries.attempts + CASE WHEN deliveries.leased_until IS NULL THEN 1 ELSE 0 END,
    leased_until = excluded.leased_until
