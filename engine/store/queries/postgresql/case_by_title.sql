-- :words is a JSON list of folded words; all of them must stand in the title.
SELECT reference, title FROM cases
WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements_text(CAST(:words AS jsonb)) w WHERE strpos(fold(title), w) = 0)
ORDER BY closed_at IS NOT NULL, reference LIMIT 20
