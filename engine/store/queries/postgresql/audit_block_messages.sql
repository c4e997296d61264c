SELECT id, key, case_ref, n, template, person, lang, convert_to(variables, 'UTF8'), attach, due_at, deadline, state, reason,
    subject, header, address, sent_at, error, content
FROM messages WHERE case_ref >= :low AND case_ref < :high AND case_ref <> '@office' ORDER BY case_ref, id
