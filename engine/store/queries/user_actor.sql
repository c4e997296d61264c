-- The user and the roles held on the day; one row with a null role where there is none.
SELECT u.id, u.person_id, g.role
FROM users u LEFT JOIN grants g ON g.user_id = u.id AND g.since <= :on AND (g.until IS NULL OR g.until >= :on)
WHERE u.login = :login AND (u.ended_on IS NULL OR u.ended_on > :on)
