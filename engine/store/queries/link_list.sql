SELECT field, target FROM links WHERE case_ref = :reference
