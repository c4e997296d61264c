-- Every chain that any row claims to belong to, so that no row stands outside of what is verified.
SELECT case_ref FROM entries
UNION SELECT case_ref FROM entry_private
UNION SELECT case_ref FROM pending
UNION SELECT case_ref FROM leaves
UNION SELECT reference FROM cases
UNION SELECT case_ref FROM links
UNION SELECT case_ref FROM deadlines
UNION SELECT case_ref FROM messages
ORDER BY 1
