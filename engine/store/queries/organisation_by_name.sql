-- By a present or former name, an exact one first. A merged organisation stands for the one it became part of.
SELECT coalesce(o.merged_into, o.id) AS found, max(fold(n.name) = :folded) AS exact
FROM organisation_names n JOIN organisations o ON o.id = n.organisation_id
WHERE NOT EXISTS (SELECT 1 FROM json_each(:words) w WHERE instr(fold(n.name), w.value) = 0)
GROUP BY found ORDER BY exact DESC, found LIMIT 20
