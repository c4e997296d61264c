-- Only the newest token writes.
UPDATE messages SET subject = :subject, header = :header, address = :address, content = :content
WHERE id = :id
  AND EXISTS (
    SELECT 1 FROM deliveries d WHERE d.message_id = :id AND d.token = :token AND d.leased_until IS NOT NULL
  )
