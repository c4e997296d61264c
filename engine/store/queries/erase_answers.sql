SELECT id, answer FROM requests ORDER BY id
