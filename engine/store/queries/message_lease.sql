INSERT INTO deliveries (message_id, token, attempts, leased_until) VALUES (:id, 1, 1, :until)
ON CONFLICT (message_id) DO UPDATE SET
    token = token + 1, attempts = attempts + 1, leased_until = excluded.leased_until
