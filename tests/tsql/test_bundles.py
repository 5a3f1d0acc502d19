"""Every T-SQL text of every bundle: read by ScriptDom as SQL Server 2016, one batch, no bad construct, parameters and nothing pasted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests import scriptdom
from tests.bundle_files.test_parse import of
from tests.compiled_bundles import CASES, ROOT, bundle
from tests.scriptdom import TsqlError
from tests.tsql import lints

Parse = Callable[[str], list[TsqlError]]
MSSQL = [name for name in CASES if "_ms" in name]
EACH = pytest.mark.parametrize("name", MSSQL)
# One value for each parameter of the protocol, as sp_executesql declares and binds it; `rows` is a batch of the transfer.
SAMPLES = {
    "run_id": "0b1c7d5e-6a0f-4b7e-9b1c-7d5e6a0f4b7e",
    "fence": "7",
    "fingerprint": "sha256:00",
    "watermark": "2026-01-01 00:00:00.000000+00:00",
    "window_low": "-infinity",
    "window_high": "2026-01-02 00:00:00.000000+00:00",
    "partitions": '["2026-01-01","o\'clock",null]',
    "rows_staged": "3",
    "source_rows": "3",
    "source_a": "17",
    "source_b": "18446744069414584321",
    "lease_backend": "57",
    "rows": '[["1",null]]',
    "command_id": "0b1c7d5e-6a0f-4b7e-9b1c-7d5e6a0f4b7e",
}


def sampled(text: str) -> str:
    """The text behind the declarations that the runtime makes."""
    values = ((name, value.replace("'", "''")) for name, value in SAMPLES.items())
    return "".join(f"DECLARE @{name} nvarchar(max) = N'{value}';\n" for name, value in values) + text


@cache
def read(name: str) -> list[tuple[str, str, list[Any]]]:
    """Path, text and fragments of each text; walking a tree costs more than parsing it."""
    return [(path, text, scriptdom.nodes(scriptdom.read(text)[0])) for path, text in of(name, "mssql")]


@EACH
def test_script_dom_reads_every_text(name: str, parse_tsql: Parse) -> None:
    found = of(name, "mssql")
    assert len(found) >= 4
    for path, text in found:
        script = sampled(text) if not path.startswith("setup/") else text
        errors = parse_tsql(script)
        assert not errors, f"{path}: {errors}"
        tree, _ = scriptdom.read(script)
        assert tree.Batches.Count == 1, f"{path} is more than one batch"
    for path, _, fragments in read(name):
        assert not lints.lint(fragments), path


@EACH
def test_no_value_stands_in_a_text_but_those_of_the_manifest(name: str, parse_tsql: Parse) -> None:
    assert parse_tsql("SELECT 1;") == []  # starts the runtime
    said = (ROOT / "tests" / "cases" / "loads" / f"{name}.yaml").read_text(encoding="utf-8")
    for path, _, fragments in read(name):
        if (
            "next-slice" not in path
        ):  # it lists the slices, which the compiler counts out from the manifest's first day to its last
            assert list(lints.pasted(fragments, said)) == [], path


@EACH
def test_a_text_reads_only_what_is_declared(name: str, parse_tsql: Parse) -> None:
    plan = json.loads(bundle(name).files["plan.json"])
    params: dict[str, set[str]] = {}
    for step in plan["steps"]:
        for path in (step["file"], *step["files"].values()):
            params[path] = set(step["params"]) | ({"rows"} if step["op"] == "transfer" else set())
        for path in (step["guard"]["file"], step["files"].get("heartbeat", ""), step["files"].get("giveback", "")):
            params[path] = {param["name"] for param in plan["params"]}  # the runtime gives these all that it has
    for path, text, fragments in read(name):
        if path.startswith("setup/"):
            continue
        assert not parse_tsql(text)
        used, declared = lints.variables(fragments)
        given = params.get(path, {"watermark", "run_id", "command_id"} if "state-" in path else set(SAMPLES))
        assert {one for one in declared if not one.startswith("@dp_")} == set(), path
        assert used - declared <= {f"@{one}" for one in given}, path


@EACH
def test_every_write_is_in_a_transaction_that_aborts(name: str, parse_tsql: Parse) -> None:
    """XACT_ABORT, a lock timeout and a CATCH in every step; DDL never in a transaction that several steps share,
    but of a session's own table, whose name is in tempdb."""
    plan = json.loads(bundle(name).files["plan.json"])
    shared = {step["file"] for step in plan["steps"] if step["transaction"]}
    for path, text, fragments in read(name):
        if "mssql (target)" not in text:
            continue
        assert not parse_tsql(text)
        kinds = [scriptdom.kind(node) for node in fragments if not lints.drops_own(node)]
        assert "TryCatchStatement" in kinds, path
        settings = [lints.text_of(node) for node in fragments if scriptdom.kind(node) == "PredicateSetStatement"]
        assert any("XACT_ABORT" in said for said in settings), path
        assert any("SetCommandStatement" in one for one in kinds), path  # LOCK_TIMEOUT
        if path in shared:
            assert not {"DropTableStatement", "CreateTableStatement", "BeginTransactionStatement"} & set(kinds), path


@EACH
def test_a_remembered_digest_is_of_the_table_that_is_recorded(name: str) -> None:
    """check-staged-rows keeps the digest of what came from the source, which of captured changes are not the rows."""
    for path, text in of(name, "mssql"):
        for role in re.findall(r"SESSION_CONTEXT\(N'dponec\.proved_(\w+)'\)", text):
            assert set(re.findall(r"__dponec_\w{8}_(\w+)\]", text)) == {role}, path
        for role in re.findall(r"@key = N'dponec\.proved_(\w+)', @value = @dp_digest", text):
            assert re.search(rf"FROM \S*_{role}\] AS \[s\]", text), path


def test_a_hostile_name_stays_one_name(parse_tsql: Parse) -> None:
    names: set[str] = set()
    for path, text, fragments in read("merge_delete_ms"):
        assert not parse_tsql(text), path
        names |= {str(node.Value) for node in fragments if scriptdom.kind(node) == "Identifier"}
    assert {"d'w]h", "or]ders `$(id)` --", "id; --", "k`ey", "st'at;us", "tab\t\\ $(id)", "sta]ging's"} <= names


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("MERGE t AS t USING s AS s ON t.k = s.k WHEN MATCHED THEN DELETE;", "MERGE"),
        ("DELETE FROM t WHERE 1 = 1;", "true of every row"),
        ("UPDATE t SET a = 1 WHERE 'x' LIKE '%';", "true of every row"),
        ("INSERT INTO t (a) SELECT * FROM s;", "SELECT *"),
        ("INSERT INTO t SELECT a FROM s;", "without a list"),
        ("SELECT a INTO t FROM s;", "SELECT INTO"),
        ("EXEC (N'DELETE FROM t');", "run as a statement"),
        ("EXEC sys.sp_executesql @dp_text;", "run as a statement"),
        ("SELECT STRING_AGG(a, ',') FROM t;", "STRING_AGG"),
        ("SELECT CHECKSUM_AGG(a) FROM t;", "CHECKSUM_AGG"),
        ("BEGIN TRY SELECT 1; END TRY BEGIN CATCH PRINT 'x'; END CATCH;", "throw again"),
    ],
)
def test_the_lints_can_fail(text: str, word: str, parse_tsql: Parse) -> None:
    assert parse_tsql(text) == []
    tree, _ = scriptdom.read(text)
    (fault,) = lints.lint(scriptdom.nodes(tree))
    assert word in fault


@pytest.mark.parametrize("value", ["2026-11-25", "20261125 10:00", "2026-11-25T00:00:00Z", SAMPLES["run_id"]])
def test_a_value_in_a_text_is_found(value: str, parse_tsql: Parse) -> None:
    text = f"DELETE FROM t WHERE a >= '0001-01-01' AND a < N'{value}';"
    assert parse_tsql(text) == []
    tree, _ = scriptdom.read(text)
    (fault,) = lints.pasted(scriptdom.nodes(tree), "lower: 2026-01-01")
    assert value in fault
    assert not list(lints.pasted(scriptdom.nodes(tree), f"lower: {value}"))


def test_a_comment_is_not_a_statement(parse_tsql: Parse) -> None:
    assert parse_tsql("-- MERGE t; DELETE FROM t WHERE 1 = 1\nSELECT 'SELECT * FROM t' AS a;") == []
    tree, _ = scriptdom.read("-- MERGE t; DELETE FROM t WHERE 1 = 1\nSELECT 'SELECT * FROM t' AS a;")
    assert lints.lint(scriptdom.nodes(tree)) == []
