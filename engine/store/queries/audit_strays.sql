-- Rows about entries that do not exist.
SELECT 'entry_private', n FROM entry_private p
WHERE case_ref = :reference AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.case_ref = p.case_ref AND e.n = p.n)
UNION ALL
SELECT 'pending', n FROM pending q
WHERE case_ref = :reference AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.case_ref = q.case_ref AND e.n = q.n)
UNION ALL
SELECT 'leaves', n FROM leaves l
WHERE case_ref = :reference AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.case_ref = l.case_ref AND e.n = l.n)
ORDER BY 1, 2
