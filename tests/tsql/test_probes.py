"""The questions of `preflight --live` to SQL Server: read by ScriptDom; their answers become probes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dpone_compiler.introspect.mssql import Rows
from dpone_compiler.introspect.probe_mssql import probe_source, probe_target
from dpone_compiler.ir.schema import TableRef
from tests.scriptdom import TsqlError
from tests.tsql.test_introspection import Recorder

ORDERS = TableRef("", "orders")
ALL: Rows = tuple((name, "1") for name in ("SELECT", "INSERT", "UPDATE", "DELETE"))
READY: dict[str, Rows] = {
    "VALUES (N'SELECT')": ALL,
    "SCHEMA_ID": (("1", "1"),),
    "VIEW SERVER STATE": (("1",),),
    "sys.dm_tran_locks": (),
}


def _target(**answers: Rows) -> dict[str, tuple[str, str]]:
    """`answers` by the question's first word in READY: table, staging, sees, locks."""
    words = dict(zip(("table", "staging", "sees", "locks"), READY, strict=True))
    session = Recorder(READY | {words[name]: rows for name, rows in answers.items()})
    return {each.name: (each.status, each.message) for each in probe_target(session, ORDERS, "staging")}


def test_every_question_is_t_sql_of_2016(parse_tsql: Callable[[str], list[TsqlError]]) -> None:
    session = Recorder(READY)
    asked = [*probe_source(session, ORDERS), *probe_target(session, ORDERS, "")]
    assert [each.status for each in asked] == ["passed"] * 6
    assert len(session.asked) == 5
    for body, params in session.asked:
        assert parse_tsql(body) == []
        assert all(f"@{name}" in body for name in params)
        assert set(params.items()) <= {("schema", "dbo"), ("name", "orders")}


@pytest.mark.parametrize(
    ("answers", "name", "status", "told"),
    [
        ({"table": ()}, "target table", "failed", "orders is not there"),
        (
            {"table": (*ALL[:1], ("INSERT", "0"), ("UPDATE", None), ALL[3])},
            *("target write permission", "failed", "this login lacks INSERT, UPDATE"),
        ),
        ({"staging": ()}, "staging schema", "failed", "staging is not there"),
        ({"staging": (("0", "1"),)}, "staging schema", "failed", "not granted: CREATE TABLE in the database"),
        ({"staging": (("1", None),)}, "staging schema", "failed", "not granted: on schema staging: ALTER"),
        ({"sees": (("0",),)}, "target lock risk", "unknown", "VIEW SERVER STATE"),
        (
            {"locks": (("57", "X"), ("58", "Sch-M"))},
            "target lock risk",
            "failed",
            "session 57 holds X; session 58 holds Sch-M",
        ),
    ],
)
def test_what_is_missing_is_named(answers: dict[str, Rows], name: str, status: str, told: str) -> None:
    found = _target(**answers)
    assert found[name][0] == status
    assert told in found[name][1]
    expected = {"target table", "target write permission", "target lock risk", "staging schema"}
    assert set(found) == (
        {"target table", "staging schema"} if "table" in answers and not answers["table"] else expected
    )


def test_a_source_that_may_not_be_read() -> None:
    for rows, name, told in (((), "source table", "not there"), ((("SELECT", "0"),), "source SELECT", "GRANT SELECT")):
        last = list(probe_source(Recorder({"VALUES (N'SELECT')": rows}), ORDERS))[-1]
        assert (last.name, last.status) == (name, "failed")
        assert told in last.message
