UPDATE messages SET state = :state, reason = :reason WHERE id = :id AND state <> 'sent'
