-- :ids is a JSON list of numbers.
SELECT id, name, email, lang, phone, organisation_id, email_state FROM people
WHERE id IN (SELECT CAST(jsonb_array_elements_text(CAST(:ids AS jsonb)) AS bigint)) ORDER BY id
