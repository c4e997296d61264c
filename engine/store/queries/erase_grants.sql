SELECT id, note FROM grants WHERE note IS NOT NULL ORDER BY id
