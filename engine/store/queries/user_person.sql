SELECT person_id FROM users WHERE id = :id
