DELETE FROM deliveries WHERE message_id IN (SELECT id FROM messages WHERE case_ref = :reference)
