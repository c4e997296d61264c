SELECT coalesce(max(idx) + 1, 0) FROM leaves
