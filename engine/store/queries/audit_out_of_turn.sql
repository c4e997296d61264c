-- Whether a leaf is of an entry that was written before that of the leaf before it.
SELECT EXISTS (
    SELECT 1 FROM (
        SELECT e.id, lag(e.id) OVER (ORDER BY l.idx) AS before
        FROM leaves l JOIN entries e ON e.case_ref = l.case_ref AND e.n = l.n
    ) taken WHERE id < before
)
