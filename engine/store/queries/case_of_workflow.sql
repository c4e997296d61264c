-- :states is a JSON list; an empty one means every state.
SELECT snapshot, private FROM cases
WHERE workflow = :workflow
  AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
ORDER BY reference
