SELECT reference, title FROM cases WHERE reference = :text
