-- Passed unnoticed, or with a `then` whose moment has come; each branch is a range of its own partial index.
SELECT case_ref, id FROM (
    SELECT * FROM (
        SELECT case_ref, id, due_at AS at FROM deadlines
        WHERE state = 'open' AND passed_at IS NULL AND due_at < :now ORDER BY due_at, id LIMIT :limit
    ) AS passed
    UNION ALL
    SELECT * FROM (
        SELECT case_ref, id, then_at AS at FROM deadlines
        WHERE state = 'open' AND then_at IS NOT NULL AND then_at < :now ORDER BY then_at, id LIMIT :limit
    ) AS firing
) AS due
GROUP BY case_ref, id ORDER BY min(at), id LIMIT :limit
