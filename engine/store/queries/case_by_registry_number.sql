SELECT reference, title FROM cases WHERE registry_number = :number ORDER BY reference LIMIT 20
