SELECT id, key, case_ref, n, template, person, lang, convert_to(variables, 'UTF8'), attach, due_at, deadline, state, reason,
    subject, header, address, sent_at, error, content
FROM messages WHERE case_ref = :reference ORDER BY id
