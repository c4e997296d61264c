-- :words is a JSON list of folded words; all of them must stand in the name.
SELECT id, name, email, lang, phone, organisation_id, email_state FROM people
WHERE ended_on IS NULL AND erased = 0
  AND NOT EXISTS (SELECT 1 FROM json_each(:words) w WHERE instr(fold(name), w.value) = 0)
ORDER BY id LIMIT 20
