SELECT case_ref, field FROM links WHERE target = :reference
UNION
SELECT reference, 'parent' FROM cases WHERE parent = :reference
ORDER BY 1, 2
