-- All entries of a run of chains, with what stands about each elsewhere; the computed columns are kept here, and so must be compared.
SELECT e.case_ref, e.n, e.id, convert_to(e.line, 'UTF8'), p.salt, convert_to(p.payload, 'UTF8'), l.idx, x.hash, q.id,
    e.kind, e.event, e.actor, e.at, e.occ, e.wf
FROM entries e
LEFT JOIN entry_private p ON p.case_ref = e.case_ref AND p.n = e.n
LEFT JOIN leaves l ON l.case_ref = e.case_ref AND l.n = e.n
LEFT JOIN nodes x ON x.level = 0 AND x.idx = l.idx
LEFT JOIN pending q ON q.case_ref = e.case_ref AND q.n = e.n
WHERE e.case_ref >= :low AND e.case_ref < :high AND e.case_ref <> '@office'
ORDER BY e.case_ref, e.n
