-- :ids is a JSON list of numbers.
SELECT id, name, email, lang, phone, organisation_id, email_state FROM people
WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id
