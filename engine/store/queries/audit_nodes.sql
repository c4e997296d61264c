SELECT idx, hash FROM nodes WHERE level = :level ORDER BY idx
