SELECT login FROM users WHERE id = :id
