SELECT 'u:' || id, login, 'p:' || person_id, ended_on FROM users ORDER BY id
