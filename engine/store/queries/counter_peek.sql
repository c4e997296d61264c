SELECT value + 1 FROM counters WHERE name = :name
