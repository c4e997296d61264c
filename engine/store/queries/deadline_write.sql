INSERT INTO deadlines (
    id, case_ref, name, item, owner, version, state, due_at, due_on, next_reminder_at, then_at, passed_at, body
) VALUES (
    :id, :case, :name, :item, :owner, :version, 'open', :due_at, :due_on, :next_reminder_at, :then_at, :passed_at,
    :body
)
ON CONFLICT (id) DO UPDATE SET
    owner = excluded.owner, version = excluded.version, state = 'open', due_at = excluded.due_at,
    due_on = excluded.due_on, next_reminder_at = excluded.next_reminder_at, then_at = excluded.then_at,
    passed_at = excluded.passed_at, closed_at = NULL, body = excluded.body
