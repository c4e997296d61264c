INSERT INTO nodes (level, idx, hash) VALUES (:level, :idx, :hash)
