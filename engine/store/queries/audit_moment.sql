-- Each change of what the log says adds an entry, each change of the tree a leaf or a checkpoint.
SELECT coalesce((SELECT max(id) FROM entries), 0) || ' ' || coalesce((SELECT max(idx) FROM leaves), -1) || ' '
    || coalesce((SELECT max(size) FROM checkpoints), 0)
