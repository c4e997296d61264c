-- The computed columns are kept, and each of them is compared.
SELECT NULL
