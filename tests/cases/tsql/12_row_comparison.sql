SELECT 1 FROM t WHERE (a, b) = (1, 2);
