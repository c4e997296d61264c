-- The case of a user's newest entry; what only followed from one is not what the user touched.
SELECT case_ref FROM entries
WHERE actor = :actor AND case_ref <> '@office' AND CAST(line AS jsonb) -> 'body' ->> 'cause' IS NULL
ORDER BY id DESC LIMIT 1
