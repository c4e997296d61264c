-- The chain in which a run of so many entries ends.
SELECT case_ref FROM entries WHERE case_ref >= :low ORDER BY case_ref, n LIMIT 1 OFFSET :rows
