-- A deadline that a worker deals with; where another one does, no row comes.
SELECT id FROM deadlines WHERE id = :id
