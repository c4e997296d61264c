-- Candidates for a short form: references that end with its digits; the rest is judged by the caller.
SELECT reference, title FROM cases WHERE reference LIKE '%' || :ending ORDER BY reference
