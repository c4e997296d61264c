-- Only later: a lease that ran out stays visible, because it tells that an attempt was made.
INSERT INTO deliveries (message_id, token, attempts, next_at) VALUES (:id, 0, 0, :next_at)
ON CONFLICT (message_id) DO UPDATE SET next_at = excluded.next_at
