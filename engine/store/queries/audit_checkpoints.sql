SELECT size, note, sealed_at FROM checkpoints ORDER BY size
