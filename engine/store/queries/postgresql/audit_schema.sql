-- Views and rules, which make a table say what it does not hold, and triggers of nobody's; none of them is ours.
SELECT 'view', viewname FROM pg_views WHERE schemaname = 'public'
UNION ALL SELECT 'view', matviewname FROM pg_matviews WHERE schemaname = 'public'
UNION ALL SELECT 'rule', rulename FROM pg_rules WHERE schemaname = 'public' AND rulename <> '_RETURN'
UNION ALL
SELECT 'trigger', t.tgname FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace s ON s.oid = c.relnamespace
WHERE NOT t.tgisinternal AND s.nspname = 'public'
ORDER BY 1, 2
