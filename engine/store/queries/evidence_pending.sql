-- What the sequencer takes next, in the order of its queue.
SELECT q.id, q.case_ref, q.n, e.line
FROM pending q JOIN entries e ON e.case_ref = q.case_ref AND e.n = q.n
ORDER BY q.id LIMIT :limit
