DELETE FROM pending WHERE id = :id
