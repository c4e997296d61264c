SELECT c.snapshot, c.private
FROM links l JOIN cases c ON c.reference = l.case_ref
WHERE l.target = :reference AND l.field = :field
ORDER BY c.reference
