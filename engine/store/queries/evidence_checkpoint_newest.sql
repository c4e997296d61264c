SELECT size, note, sealed_at FROM checkpoints ORDER BY size DESC LIMIT 1
