SELECT id, name, email, lang, phone, organisation_id, email_state FROM people
WHERE lower(email) = lower(:email) AND ended_on IS NULL ORDER BY id LIMIT 20
