UPDATE deadlines SET state = :state, closed_at = :at WHERE id = :id AND case_ref = :case
