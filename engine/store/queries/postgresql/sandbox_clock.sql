-- The schema; the stored instant of a sandbox or else the clock of the server, one for all workers; who answers.
SELECT
    coalesce((SELECT version_num FROM alembic_version), '0'),
    coalesce(
        (SELECT value FROM settings
         WHERE name = 'clock' AND EXISTS (SELECT 1 FROM settings WHERE name = 'sandbox' AND value = '1')),
        to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    ),
    pg_backend_pid()
