-- Compare and swap on (n, head): whoever read an older case writes nothing.
UPDATE cases SET
    version = :version, state = :state, phase = :phase, title = :title, assignee = :assignee, parent = :parent,
    revision = :revision, n = :n, head = :head, closed_at = :closed_at, registry_number = :registry_number,
    snapshot = :snapshot, private = :private
WHERE reference = :reference AND n = :expected_n AND head = :expected_head
