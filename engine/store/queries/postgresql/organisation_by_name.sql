-- By a present or former name, an exact one first. A merged organisation stands for the one it became part of.
SELECT coalesce(o.merged_into, o.id) AS found, CAST(bool_or(fold(n.name) = :folded) AS integer) AS exact
FROM organisation_names n JOIN organisations o ON o.id = n.organisation_id
WHERE NOT EXISTS (
    SELECT 1 FROM jsonb_array_elements_text(CAST(:words AS jsonb)) w WHERE strpos(fold(n.name), w) = 0
)
GROUP BY found ORDER BY exact DESC, found LIMIT 20
