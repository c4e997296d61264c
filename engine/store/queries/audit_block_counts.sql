-- How many rows about entries there are in a run of chains.
SELECT (SELECT count(*) FROM entry_private WHERE case_ref >= :low AND case_ref < :high AND case_ref <> '@office'),
    (SELECT count(*) FROM leaves WHERE case_ref >= :low AND case_ref < :high AND case_ref <> '@office'),
    (SELECT count(*) FROM pending WHERE case_ref >= :low AND case_ref < :high AND case_ref <> '@office')
