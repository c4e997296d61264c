-- In the order of the tree.
SELECT l.idx, e.id, e.case_ref, e.n, e.line
FROM leaves l JOIN entries e ON e.case_ref = l.case_ref AND e.n = l.n
ORDER BY l.idx
