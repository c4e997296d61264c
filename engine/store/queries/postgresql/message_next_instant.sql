SELECT min(greatest(m.due_at, coalesce(d.next_at, m.due_at), coalesce(d.leased_until, m.due_at)))
FROM messages m LEFT JOIN deliveries d ON d.message_id = m.id
WHERE m.state IN ('queued', 'deferred', 'unknown') AND (m.state <> 'unknown' OR d.next_at IS NOT NULL)
