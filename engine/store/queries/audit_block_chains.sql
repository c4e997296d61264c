-- Every chain of a run that any row claims to belong to.
SELECT case_ref FROM entries WHERE case_ref >= :low AND case_ref < :high
UNION SELECT case_ref FROM entry_private WHERE case_ref >= :low AND case_ref < :high
UNION SELECT case_ref FROM pending WHERE case_ref >= :low AND case_ref < :high
UNION SELECT case_ref FROM leaves WHERE case_ref >= :low AND case_ref < :high
UNION SELECT reference FROM cases WHERE reference >= :low AND reference < :high
UNION SELECT case_ref FROM links WHERE case_ref >= :low AND case_ref < :high
UNION SELECT case_ref FROM deadlines WHERE case_ref >= :low AND case_ref < :high
UNION SELECT case_ref FROM messages WHERE case_ref >= :low AND case_ref < :high
ORDER BY 1
