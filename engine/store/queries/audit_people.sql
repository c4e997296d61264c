SELECT 'p:' || id, name, email, lang, 'o:' || organisation_id, 'p:' || replaced_by, ended_on, CAST(erased AS INTEGER)
FROM people ORDER BY id
