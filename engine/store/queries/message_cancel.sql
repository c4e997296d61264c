-- A letter being sent at this moment is cancelled too; if it did leave, its outcome still says so.
-- A key that ends in a slash (`SIM-2021-0004#12/`) means every letter of that entry.
UPDATE messages SET state = 'cancelled', reason = :reason
WHERE (state IN ('queued', 'deferred', 'held') OR state = 'unknown' AND EXISTS (
    SELECT 1 FROM deliveries d WHERE d.message_id = messages.id AND (d.next_at IS NOT NULL OR d.leased_until IS NOT NULL)
  ))
  AND (:case IS NULL OR case_ref = :case)
  AND (:deadline IS NULL OR deadline = :deadline)
  AND (:key IS NULL OR key = :key OR (:key LIKE '%/' AND substr(key, 1, length(:key)) = :key))
RETURNING key
