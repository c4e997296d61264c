DELETE FROM cases WHERE reference = :reference
