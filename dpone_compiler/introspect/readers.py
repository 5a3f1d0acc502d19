"""Who reads the catalog of which engine."""

from __future__ import annotations

from dpone_compiler.introspect import clickhouse, mssql, postgres

READERS = {"postgres": postgres.read_postgres, "clickhouse": clickhouse.read_clickhouse, "mssql": mssql.read_mssql}
