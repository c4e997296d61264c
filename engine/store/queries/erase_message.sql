-- Put what is left in place of what named somebody; key, times and state stay.
UPDATE messages SET variables = :variables, subject = :subject, address = :address, error = :error, content = NULL
WHERE id = :id
