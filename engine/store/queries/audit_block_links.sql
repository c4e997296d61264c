SELECT case_ref, field, target FROM links WHERE case_ref >= :low AND case_ref < :high AND case_ref <> '@office'
