-- The newest version that is in force on the day.
SELECT name, version, digest, body, text, published_at, valid_from FROM definitions
WHERE name = :name AND valid_from <= :on ORDER BY version DESC LIMIT 1
