SELECT * FROM (
    SELECT
        m.id, m.key, m.case_ref, m.n, m.template, m.person, m.lang, m.variables, m.attach, m.due_at, m.deadline,
        CASE WHEN d.leased_until IS NOT NULL AND m.state IN ('queued', 'deferred', 'unknown') THEN 'leased'
             ELSE m.state END AS now_state, m.state,
        m.reason, m.subject, m.header, m.address, m.sent_at, m.error, d.token, d.attempts, d.next_at, NULL
    FROM messages m LEFT JOIN deliveries d ON d.message_id = m.id
    WHERE m.case_ref = :case
) AS told
WHERE :state IS NULL OR now_state = :state
ORDER BY id
