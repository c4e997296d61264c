-- :words is a JSON list of folded words; all of them must stand in the title.
SELECT reference, title FROM cases
WHERE NOT EXISTS (SELECT 1 FROM json_each(:words) w WHERE instr(fold(title), w.value) = 0)
ORDER BY closed_at IS NOT NULL, reference LIMIT 20
