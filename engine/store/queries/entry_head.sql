SELECT n, line FROM entries WHERE case_ref = :reference ORDER BY n DESC LIMIT 1
