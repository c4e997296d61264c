-- Columns that SQLite computes whenever they are read cannot differ from their line.
SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'entries'
