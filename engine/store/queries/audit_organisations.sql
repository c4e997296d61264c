SELECT 'o:' || id, kind, 'o:' || merged_into, ended_on FROM organisations ORDER BY id
