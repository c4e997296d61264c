SELECT hash FROM nodes WHERE level = :level AND idx >= :start AND idx < :end ORDER BY idx
