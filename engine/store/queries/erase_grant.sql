UPDATE grants SET note = :note WHERE id = :id
