-- Changes nothing, but makes the commit one that waits for a standby.
UPDATE requests SET at = at WHERE id = :id
