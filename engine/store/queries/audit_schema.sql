-- Whatever a file holds beside rows; what SQLite and Alembic make for themselves is left out.
SELECT type, name, tbl_name, sql FROM sqlite_schema
WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE 'alembic\_version%' ESCAPE '\'
ORDER BY type, name
