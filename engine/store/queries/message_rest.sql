-- By hand from here on: no lease and no appointed next attempt. The token stays, so that a late writer is refused.
UPDATE deliveries SET leased_until = NULL, next_at = NULL, token = token + 1 WHERE message_id = :id
