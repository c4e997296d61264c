SELECT reference, workflow, version, state, phase, title, assignee, parent, revision, n, head, opened_at, closed_at,
    registry_number, snapshot, private, batch
FROM cases WHERE reference = :reference
