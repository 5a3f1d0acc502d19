UPDATE t SET a = s.a FROM t JOIN s ON t.k = s.k WHERE t.a IS DISTINCT FROM s.a;
