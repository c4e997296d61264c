SELECT e.case_ref, e.n, e.line, p.payload, p.salt
FROM entries e LEFT JOIN entry_private p ON p.case_ref = e.case_ref AND p.n = e.n
ORDER BY e.id DESC LIMIT 1
