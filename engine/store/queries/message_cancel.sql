-- A letter being sent at this moment is cancelled too; if it did leave, its outcome still says so.
UPDATE messages SET state = 'cancelled', reason = :reason
WHERE state IN ('queued', 'deferred', 'held')
  AND (:case IS NULL OR case_ref = :case)
  AND (:deadline IS NULL OR deadline = :deadline)
  AND (:key IS NULL OR key = :key)
RETURNING key
