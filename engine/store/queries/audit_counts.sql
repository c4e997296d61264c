SELECT (SELECT count(*) FROM leaves), (SELECT coalesce(max(idx) + 1, 0) FROM leaves), (SELECT count(*) FROM nodes)
