-- In the order in which the sequencer will take them.
SELECT NULL, e.id, e.case_ref, e.n, e.line
FROM pending q JOIN entries e ON e.case_ref = q.case_ref AND e.n = q.n
ORDER BY q.id
