SELECT min(case_ref) FROM entries WHERE case_ref > :low
