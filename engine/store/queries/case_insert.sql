INSERT INTO cases (
    reference, workflow, version, state, phase, title, assignee, parent, revision, n, head,
    opened_at, closed_at, registry_number, batch, snapshot, private
) VALUES (
    :reference, :workflow, :version, :state, :phase, :title, :assignee, :parent, :revision, :n, :head,
    :opened_at, :closed_at, :registry_number, :batch, :snapshot, :private
)
