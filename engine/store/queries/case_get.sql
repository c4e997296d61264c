-- One case, whole: the only read of every command.
SELECT snapshot, private FROM cases WHERE reference = :reference
