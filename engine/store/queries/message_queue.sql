-- A key that exists already is left as it is: nothing is sent twice.
INSERT INTO messages (
    key, case_ref, n, template, person, lang, variables, attach, due_at, deadline, state, reason
) VALUES (
    :key, :case, :n, :template, :person, :lang, :variables, :attach, :due_at, :deadline, :state, :reason
)
ON CONFLICT (key) DO NOTHING
