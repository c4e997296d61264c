SELECT DISTINCT u.person_id
FROM grants g JOIN users u ON u.id = g.user_id
WHERE g.role = :role AND g.since <= :on AND (g.until IS NULL OR g.until >= :on)
  AND (u.ended_on IS NULL OR u.ended_on > :on) AND u.person_id IS NOT NULL
ORDER BY u.person_id
