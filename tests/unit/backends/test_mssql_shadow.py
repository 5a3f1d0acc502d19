"""shadow_swap on SQL Server, read from a plan: what is compiled when, and what a login has to see before it may swap."""

from __future__ import annotations

import re

from tests.compiled_bundles import bundle

FILES = bundle("shadow_full_ms").files


def text(step: str) -> str:
    (found,) = (body for name, body in FILES.items() if re.search(rf"steps/\d+-{re.escape(step)}\.sql$", name))
    return found


def test_nothing_binds_to_the_table_of_an_earlier_attempt() -> None:
    """Statements of one batch are compiled together, against the tables that are there before its DROP."""
    build = text("build-shadow")
    (into,) = re.findall(r"INTO (\[\w+\]\.\[\w+\])\n", build)
    outside = re.sub(r"N'(?:[^']|'')*'", "N''", build)
    assert re.findall(rf"(\w+ \w+) {re.escape(into)}", outside) == ["DROP TABLE"]
    assert outside.count(into) == 2, "DROP, and SELECT … INTO, which makes it"
    assert [m[:11] for m in re.findall(r"sp_executesql N'([^']*)", build)] == ["INSERT INTO", "ALTER TABLE"]
    assert (
        build.index("DROP TABLE")
        < build.index("INTO " + into)
        < build.index("INSERT INTO")
        < build.index("ALTER TABLE")
    )


def test_who_does_not_see_everything_swaps_nothing() -> None:
    asked = "HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE', N'VIEW DEFINITION'), 0) = 0"
    for step in ("build-shadow", "exchange-tables"):
        assert asked in text(step)
    grants = FILES["setup/mssql_grants.sql"].splitlines()
    assert "GRANT VIEW DEFINITION TO [$(loader)];" in grants
    assert "GRANT SELECT ON sys.sql_expression_dependencies TO [$(loader)];" in grants


def test_only_a_swap_asks_for_them() -> None:
    assert "VIEW DEFINITION" not in bundle("merge_ms").files["setup/mssql_grants.sql"]
