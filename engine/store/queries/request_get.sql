SELECT digest, answer FROM requests WHERE id = :id
