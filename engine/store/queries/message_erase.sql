UPDATE messages SET variables = '{}', subject = NULL, address = NULL, content = NULL, error = NULL
WHERE person = :person
