SELECT reference FROM cases ORDER BY reference
