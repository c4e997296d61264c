-- The fields whose values are personal, or whose records have a personal part.
SELECT f.key
FROM definitions d, json_each(d.body, '$.fields') f
WHERE d.name = :workflow AND d.version = :version
  AND (
    json_extract(f.value, '$.personal') = 1
    OR EXISTS (SELECT 1 FROM json_each(f.value, '$.item') i WHERE json_extract(i.value, '$.personal') = 1)
  )
