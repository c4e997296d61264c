SELECT m.id FROM messages m LEFT JOIN deliveries d ON d.message_id = m.id
WHERE m.state IN ('queued', 'deferred', 'unknown')
  AND m.due_at <= :now
  AND (m.state <> 'unknown' OR d.next_at IS NOT NULL)
  AND (d.next_at IS NULL OR d.next_at <= :now)
  AND (d.leased_until IS NULL OR d.leased_until <= :real_now)
ORDER BY m.due_at, m.id LIMIT :limit
-- What another worker is taking at this moment is left to it.
FOR UPDATE OF m SKIP LOCKED
