INSERT INTO checkpoints (size, note, sealed_at) VALUES (:size, :note, :at)
