SELECT hash FROM nodes WHERE level = :level AND idx = :idx
