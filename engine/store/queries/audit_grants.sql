SELECT 'u:' || user_id, role, since, until FROM grants ORDER BY id
