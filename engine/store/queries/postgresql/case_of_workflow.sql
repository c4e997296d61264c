-- :states is a JSON list; an empty one means every state.
SELECT snapshot, private FROM cases
WHERE workflow = :workflow
  AND (CAST(:states AS jsonb) = '[]' OR state IN (SELECT jsonb_array_elements_text(CAST(:states AS jsonb))))
ORDER BY reference
