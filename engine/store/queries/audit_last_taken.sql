-- The entry of the last leaf.
SELECT e.id FROM leaves l JOIN entries e ON e.case_ref = l.case_ref AND e.n = l.n ORDER BY l.idx DESC LIMIT 1
