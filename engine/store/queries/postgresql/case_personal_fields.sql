-- The fields whose values are personal, or whose records have a personal part.
SELECT f.key
FROM definitions d, jsonb_each(CAST(d.body AS jsonb) -> 'fields') f
WHERE d.name = :workflow AND d.version = :version
  AND (
    f.value -> 'personal' = 'true'
    OR EXISTS (
        SELECT 1 FROM jsonb_each(coalesce(f.value -> 'item', '{}')) i WHERE i.value -> 'personal' = 'true'
    )
  )
