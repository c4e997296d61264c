-- In the order in which they were written, not of their numbers: a swap must show.
SELECT e.id, e.case_ref, e.n, e.line, p.payload, p.salt, q.id, l.idx, x.hash,
    e.kind, e.event, e.actor, e.at, e.occ, e.wf
FROM entries e
LEFT JOIN entry_private p ON p.case_ref = e.case_ref AND p.n = e.n
LEFT JOIN pending q ON q.case_ref = e.case_ref AND q.n = e.n
LEFT JOIN leaves l ON l.case_ref = e.case_ref AND l.n = e.n
LEFT JOIN nodes x ON x.level = 0 AND x.idx = l.idx
WHERE e.case_ref = :reference
ORDER BY e.id
