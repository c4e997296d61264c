SELECT id FROM users WHERE login = :login
