-- A case outside the batch that points into it, which would be left pointing at nothing.
SELECT c.reference FROM cases c
WHERE c.batch IS DISTINCT FROM :batch
  AND (
    c.parent IN (SELECT reference FROM cases WHERE batch = :batch)
    OR c.reference IN (
        SELECT l.case_ref FROM links l JOIN cases t ON t.reference = l.target WHERE t.batch = :batch
    )
  )
ORDER BY c.reference LIMIT 1
