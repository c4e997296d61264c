-- With the name in force on the day, or its first one before that. :ids is a JSON list of numbers.
SELECT o.id, n.name, o.kind, o.number
FROM organisations o JOIN organisation_names n ON n.organisation_id = o.id
WHERE o.id IN (SELECT CAST(jsonb_array_elements_text(CAST(:ids AS jsonb)) AS bigint))
  AND n.since = coalesce(
    (SELECT max(since) FROM organisation_names WHERE organisation_id = o.id AND since <= :on),
    (SELECT min(since) FROM organisation_names WHERE organisation_id = o.id)
  )
ORDER BY o.id
