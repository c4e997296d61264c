-- Fencing: a lease that was taken over has another token, and this changes nothing.
UPDATE deliveries SET leased_until = NULL, next_at = :next_at
WHERE message_id = :id AND token = :token AND leased_until IS NOT NULL
