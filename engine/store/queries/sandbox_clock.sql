-- The stored instant of a sandbox; no row in a real home, and in a sandbox whose clock was never set.
SELECT value FROM settings
WHERE name = 'clock' AND EXISTS (SELECT 1 FROM settings WHERE name = 'sandbox' AND value = '1')
