DELETE FROM deliveries WHERE message_id IN (
    SELECT m.id FROM messages m JOIN cases c ON c.reference = m.case_ref WHERE c.batch = :batch
)
