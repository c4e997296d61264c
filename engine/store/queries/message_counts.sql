SELECT
    CASE WHEN d.leased_until IS NOT NULL AND m.state IN ('queued', 'deferred', 'unknown') THEN 'leased'
         ELSE m.state END AS now_state,
    count(*)
FROM messages m LEFT JOIN deliveries d ON d.message_id = m.id
GROUP BY now_state ORDER BY now_state
