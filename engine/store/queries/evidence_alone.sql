-- One writer at a time is alone.
SELECT 1
