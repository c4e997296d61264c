-- One sequencer at a time; the lock ends with the transaction. The number is `SEAL` as bytes.
SELECT pg_try_advisory_xact_lock(1397047628)
