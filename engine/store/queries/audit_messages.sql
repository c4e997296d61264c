SELECT id, key, case_ref, n, template, person, lang, CAST(variables AS BLOB), attach, due_at, deadline, state, reason,
    subject, header, address, sent_at, error, content
FROM messages WHERE case_ref = :reference ORDER BY id
