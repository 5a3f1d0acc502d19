"""`database` beside or instead of `schema`: of tables, of staging and of dpone's state table."""

from __future__ import annotations

import pytest

from dpone_compiler.ir.schema import TableRef
from tests.unit.frontends.manifests import codes, flat, load_of, read


@pytest.mark.parametrize("engine", ["mssql", "postgres"])
def test_a_database_alone_is_no_schema(engine: str) -> None:
    assert codes(flat(sink=engine, writing="staging: {database: tempdb}")) == ["DP015"]
    assert codes(flat(source=engine, table="{database: d, name: t}")) == ["DP015"]


def test_a_database_beside_the_schema_belongs_to_the_connection() -> None:
    """SQL Server's names have three parts; the connection says the first, so it is recorded and said."""
    text = flat(
        source="mssql", table="{database: oltp, schema: s, name: t}", writing="staging: {database: dwh, schema: stg}"
    )
    loads, found = read(text)
    assert [diagnostic.code for diagnostic in found] == ["DP050"]
    message = found[0].problem.message()
    assert "sink.staging.database (the connection says which database it is), source.table.database (" in message
    (load,) = loads
    assert load.read.endpoint.table == TableRef("s", "t") and load.write.staging_schema == "stg"
    assert dict(load.passthrough) == {"sink.staging.database": '"dwh"', "source.table.database": '"oltp"'}
    assert codes(flat(sink="postgres", writing="staging: {database: dwh, schema: stg}")) == ["DP015"]


def test_the_staging_of_clickhouse_may_say_database() -> None:
    assert load_of(flat(sink="clickhouse", writing="staging: {database: stg}")).write.staging_schema == "stg"
    assert codes(flat(sink="clickhouse", writing="staging: {database: a, schema: b}")) == ["DP017"]


def test_what_a_state_table_says_beside_its_schema() -> None:
    said = "state: {table: {database: dwh, schema: ops, name: marks}}\n"
    loads, found = read(flat(sink="postgres") + said)
    assert [diagnostic.code for diagnostic in found] == ["DP050"]
    assert all(word in found[0].problem.message() for word in ("state.table.database (", "state.table.name ("))
    assert loads[0].write.state_schema == "ops"
    loads, found = read(flat(sink="clickhouse") + "state: {table: {database: ops, name: marks}}\n")
    assert "state.table.database" not in found[0].problem.message()
    assert loads[0].write.state_schema == "ops"
