SELECT id FROM organisations WHERE replace(number, '-', '') = :number ORDER BY id LIMIT 20
