-- By hand from here on: no lease, and the next attempt when it was said. The token grows, so that a late writer is refused.
INSERT INTO deliveries (message_id, token, attempts, next_at) VALUES (:id, 0, 0, :next_at)
ON CONFLICT (message_id) DO UPDATE SET leased_until = NULL, next_at = excluded.next_at, token = deliveries.token + 1
