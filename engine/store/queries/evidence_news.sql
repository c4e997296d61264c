-- Whether anything waits to be sealed that sealing did not write itself.
SELECT EXISTS (
    SELECT 1 FROM pending q JOIN entries e ON e.case_ref = q.case_ref AND e.n = q.n
    WHERE q.case_ref <> '@office' OR e.kind NOT IN ('seal', 'mail')
)
