"""partition_replace by SWITCH: taken where the snapshot proves that two tables agree, and every fact that does not is told."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dpone_compiler.artifacts.bundle import Bundle
from dpone_compiler.driver.compile import compile_paths
from tests import scriptdom
from tests.bundle_files.test_parse import of
from tests.compiled_bundles import ROOT
from tests.scriptdom import TsqlError
from tests.tsql.dynamic import Sampled, run_texts

LOADS = ROOT / "tests" / "cases" / "loads"
Target = dict[str, Any]
Parse = Callable[[str], list[TsqlError]]


def compiled(
    folder: Path,
    change: Callable[[Target], object],
    strategy: dict[str, Any] | None = None,
    settings: dict[str, str] | None = None,
) -> tuple[Bundle | None, str]:
    """The load with a target that differs, and what is said of it."""
    shutil.copytree(LOADS / "catalog", folder / "catalog")
    snapshot = folder / "catalog" / "case_ms.yaml"
    catalog = yaml.safe_load(snapshot.read_text(encoding="utf-8"))
    catalog["engine"]["settings"] |= settings or {}
    (target,) = [table for table in catalog["tables"] if table["name"] == "orders_months"]
    change(target)
    snapshot.write_text(yaml.safe_dump(catalog), encoding="utf-8")
    manifest = yaml.safe_load((LOADS / "switch_ms.yaml").read_text(encoding="utf-8"))
    manifest["sink"]["strategy"] |= strategy or {}
    manifest["sink"]["table"] = {"schema": target["schema"], "name": target["name"]}
    (folder / "load.yaml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    result = compile_paths([folder / "load.yaml"])
    told = "\n".join(f"{each.problem.code} {each.problem.message()}" for each in result.diagnostics)
    return next(iter(result.bundles), None), told


def finalizer(bundle: Bundle | None) -> str:
    assert bundle is not None
    found = re.search(r"^\| finalizer \| `(\w+)`", bundle.files["plan.md"], re.MULTILINE)
    assert found is not None
    return found[1]


def nothing(_target: Target) -> None:
    """The target as it is."""


def part(number: int, **change: str) -> Callable[[Target], object]:
    return lambda target: target["statistics"]["partitions"][number].update(change)


def made(**change: Any) -> Callable[[Target], object]:
    return lambda target: target["partitioning"].update(change)


def index(number: int, **change: Any) -> Callable[[Target], object]:
    return lambda target: target["partitioning"]["indexes"][number].update(change)


def hazard(kind: str, name: str) -> Callable[[Target], object]:
    return lambda target: target["structure"].update(hazards=[[kind, name]])


def without_a_clustered_key(target: Target) -> None:
    del target["partitioning"]["indexes"][0]


def with_a_column(**more: Any) -> Callable[[Target], object]:
    column = {"name": "more", "type": "int", "nullable": True, **more}
    return lambda target: target["structure"]["columns"].append(column)


def not_partitioned(target: Target) -> None:
    del target["partitioning"]
    target["structure"]["partition_key"] = ""


def of_an_older_introspect(target: Target) -> None:
    del target["partitioning"]


FAILS: dict[str, tuple[Callable[[Target], object], str]] = {
    "no partitions": (not_partitioned, "the target is not partitioned"),
    "an old snapshot": (of_an_older_introspect, "run `dponec introspect` again"),
    "another column": (made(column="at"), "partitioned by at, and the load by day"),
    "range left": (made(boundary="left"), "RANGE LEFT"),
    "half a month": (part(1, bound="from 2025-12-01 to 2025-12-15"), "partition 2 is no whole month: from 2025-12-01 to 2025-12-15"),
    "two months": (part(1, bound="from 2025-11-01 to 2026-01-01"), "partition 2 is no whole month"),
    "a fraction": (
        part(1, bound="from 2025-12-01 00:00:00.0000001 to 2026-01-01 00:00:00.0000000"),
        "partition 2 is no whole month",
    ),
    "numbers": (part(1, bound="from 10 to 20"), "partition 2 is no whole month"),
    "one bound alone": (
        lambda target: target["statistics"].update(partitions=target["statistics"]["partitions"][:1]),
        "no partition with two bounds",
    ),
    "columnstore": (part(2, compression="columnstore"), "the compression of partition 3 is columnstore"),
    "compression unknown": (part(2, compression=""), "the compression of partition 3 is not known"),
    "an index elsewhere": (index(1, partitioned_by="PRIMARY"), "lies in PRIMARY, and the table in by_month(day): it is not aligned"),
    "an index of another kind": (index(1, kind="xml"), "is xml"),
    "a filter": (index(1, options=["filtered"]), "is filtered"),
    "a disabled index": (index(0, options=["disabled"]), "index PK_orders_months is disabled"),
    "a key without the column": (index(0, columns=[["id", "asc"]]), "index PK_orders_months does not name day"),
    "a heap": (without_a_clustered_key, "does not name day, which its twin"),
    "a trigger": (hazard("trigger", "audit"), "trigger audit would not fire"),
    "a reference": (hazard("incoming_foreign_key", "FK_lines of dbo.lines"), "FK_lines of dbo.lines refers to it"),
    "an indexed view": (hazard("indexed_view", "dbo.totals"), "indexed view dbo.totals"),
    "history": (hazard("temporal", "dbo.old"), "it keeps its history in dbo.old"),
    "capture": (hazard("change_data_capture", "orders"), "change data capture would not see the rows"),
    "tracking": (hazard("change_tracking", "orders"), "change tracking"),
    "replication": (hazard("replication", "orders"), "it is published"),
    "a policy": (hazard("security_policy", "own_rows"), "security policy own_rows would be passed by"),
    "a foreign key": (made(obstacles=[["foreign_key", "FK_customer"]]), "foreign key FK_customer is not made again"),
    "an unchecked rule": (made(obstacles=[["untrusted_check", "CK_old"]]), "CHECK constraint CK_old is disabled or was not checked"),
    "full text": (made(obstacles=[["full_text", "orders"]]), "full-text index"),
    "read only": (made(obstacles=[["read_only_filegroup", "OF_2020"]]), "filegroup OF_2020 is read-only"),
    "a computed column": (made(obstacles=[["column", "total is computed"]]), "column total is computed"),
    "what a later version finds": (made(obstacles=[["vector_index", "near"]]), "vector_index near"),
    "a column that is not loaded": (with_a_column(), "column more is not loaded"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FAILS))
def test_what_does_not_agree_is_told_and_refused(name: str, tmp_path: Path) -> None:
    change, why = FAILS[name]
    bundle, told = compiled(tmp_path / "chosen", change)
    assert finalizer(bundle) == "delete_insert"
    assert bundle is not None
    plan = bundle.files["plan.md"].replace("\\", "")
    (rejected,) = [line for line in plan.splitlines() if line.startswith("- merge_policy `switch_partitions`:")]
    assert why in rejected
    assert (why in told) is (name != "no partitions")  # a hazard of a partitioned target
    bundle, told = compiled(tmp_path / "asked", change, {"merge_policy": "switch_partitions"})
    assert bundle is None
    assert "DP231" in told and why in told


def test_every_fact_that_fails_is_told_at_once(tmp_path: Path) -> None:
    def change(target: Target) -> None:
        for each in (
            index(1, options=["filtered"]),
            hazard("trigger", "audit"),
            made(obstacles=[["full_text", "orders"]]),
        ):
            each(target)

    _, told = compiled(tmp_path, change)
    assert all(why in told for why in ("is filtered", "trigger audit", "full-text index"))


def test_readers_are_tolerant_or_never_under_snapshot(tmp_path: Path) -> None:
    consistent = {"readers": "consistent"}
    bundle, told = compiled(tmp_path / "unknown", nothing, consistent)
    assert finalizer(bundle) == "delete_insert" and "3961" in told
    off = {"snapshot_isolation_state": "0"}
    assert finalizer(compiled(tmp_path / "off", nothing, consistent, off)[0]) == "switch_partitions"
    on = {"snapshot_isolation_state": "1"}
    assert finalizer(compiled(tmp_path / "on", nothing, consistent, on)[0]) == "delete_insert"
    assert finalizer(compiled(tmp_path / "tolerant", nothing, {}, on)[0]) == "switch_partitions"


def test_delete_insert_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    bundle, told = compiled(tmp_path, nothing, {"merge_policy": "delete_insert"})
    assert finalizer(bundle) == "delete_insert" and "the manifest asks for it" in told


def steps(bundle: Bundle | None) -> dict[str, str]:
    assert bundle is not None
    return {
        path.split("-", 1)[1].removesuffix(".sql"): text
        for path, text in bundle.files.items()
        if path.startswith("steps/") and path.endswith(".sql")
    }


def test_tables_are_made_before_and_exchanged_in_the_transaction_of_the_state() -> None:
    found = {path.split("-", 1)[1].removesuffix(".sql"): text for path, text in of("switch_ms", "mssql") if "-" in path}
    build, swap = found["build-partitions"], found["swap-partitions"]
    assert (
        "transaction finalize" not in build
        and "CREATE TABLE" in build
        and " SWITCH " not in build.split("SET ANSI", 1)[1]
    )
    assert "transaction finalize" in swap and "CREATE" not in swap
    order = ["TABLOCKX, HOLDLOCK", "DP420", "DP506", "DP510", " SWITCH PARTITION ", " SWITCH TO "]
    assert sorted(order, key=swap.index) == order
    assert "transaction finalize" not in found["drop-retired"]
    assert all("SET LOCK_TIMEOUT 30000" in text for text in (build, swap))


NASTY = {
    "schema": "d'w]h",
    "name": "mo]nths' \U0001f600" + "m" * 110,
    "function": "fn']--",
    "scheme": "s']",
    "index": "i]'\"x--",
}


def nasty(target: Target) -> None:
    target |= {"schema": NASTY["schema"], "name": NASTY["name"]}
    facts = target["partitioning"]
    facts |= {"function": NASTY["function"], "scheme": NASTY["scheme"]}
    target["structure"]["partition_key"] = f"{NASTY['scheme']}(day)"
    for each in facts["indexes"]:
        each["partitioned_by"] = f"{NASTY['scheme']}(day)"
    facts["indexes"][1]["name"] = NASTY["index"]
    facts["indexes"].append(
        {**copy.deepcopy(facts["indexes"][0]), "constraint": "unique", "kind": "nonclustered", "name": "U"}
    )
    facts["indexes"].append(
        {**copy.deepcopy(facts["indexes"][1]), "unique": True, "columns": [["day", "desc"], ["id", "asc"]], "name": "V"}
    )


def in_instants(native: str, bounds: tuple[str, str]) -> Callable[[Target], object]:
    """Cut by `at`, of that type, with a large column beside it."""

    def change(target: Target) -> None:
        columns = {column["name"]: column for column in target["structure"]["columns"]}
        columns["at"]["type"] = native
        columns["status"]["type"] = "nvarchar(max)"
        target["structure"]["partition_key"] = "by_month(at)"
        facts = target["partitioning"]
        facts["column"] = "at"
        facts["indexes"] = [
            {**facts["indexes"][0], "columns": [["id", "asc"], ["at", "asc"]], "partitioned_by": "by_month(at)"}
        ]
        target["statistics"]["partitions"][1]["bound"] = f"from {bounds[0]} to {bounds[1]}"
        del target["statistics"]["partitions"][2]

    return change


DECEMBER = ("2025-12-01 00:00:00.0000000", "2026-01-01 00:00:00.0000000")
SHAPES: dict[str, tuple[Callable[[Target], object], str, str]] = {
    "a date": (nothing, "day", "CHECK ([day] IS NOT NULL AND [day] >= '2026-01-01' AND [day] < '2026-02-01')"),
    "nasty names": (nasty, "day", "CHECK ([day] IS NOT NULL AND [day] >= '2026-01-01' AND [day] < '2026-02-01')"),
    "instants": (
        in_instants("datetimeoffset(6)", (f"{DECEMBER[0]} +00:00", f"{DECEMBER[1]} +00:00")),
        "at",
        "CHECK ([at] IS NOT NULL AND [at] >= '2026-01-01T00:00:00+00:00' AND [at] < '2026-02-01T00:00:00+00:00')",
    ),
    "wall clocks": (
        in_instants("datetime2(3)", DECEMBER),
        "at",
        "CHECK ([at] IS NOT NULL AND [at] >= '2026-01-01T00:00:00' AND [at] < '2026-02-01T00:00:00')",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_the_texts_that_are_run_are_t_sql_too(name: str, tmp_path: Path, parse_tsql: Parse) -> None:
    """Put together as the server would, with sample values for what only the run knows."""
    assert parse_tsql("SELECT 1;") == []
    change, column, check = SHAPES[name]
    bundle, told = compiled(tmp_path, change, {"partition": {"column": column, "by": "month"}})
    assert bundle is not None, told
    assert finalizer(bundle) == "switch_partitions"
    found = steps(bundle)
    for step in ("build-partitions", "swap-partitions", "drop-retired"):
        assert parse_tsql(found[step]) == []
    instant = "+00:00" if "+00:00" in check else ""
    ends = (
        ("2026-01-01T00:00:00" + instant, "2026-02-01T00:00:00" + instant)
        if column == "at"
        else ("2026-01-01", "2026-02-01")
    )
    values = Sampled(low=ends[0], high=ends[1])
    texts = run_texts(found["build-partitions"], values) + run_texts(found["swap-partitions"], values)
    for text in texts:
        declared = "DECLARE @rows bigint, @low date, @high date, @a decimal(38,0), @b decimal(38,0);\n"
        assert scriptdom.read(declared + text)[1] == [], text
    assert any(text.endswith(f"{check};") for text in texts)
    assert [t for t in texts if " SWITCH " in t] == [
        f"ALTER TABLE {own(bundle)} SWITCH PARTITION 3 TO [dbo].[old];",
        f"ALTER TABLE [dbo].[new] SWITCH TO {own(bundle)} PARTITION 3;",
    ]
    tables = [text for text in texts if text.startswith("CREATE TABLE")]
    assert len(tables) == 2
    assert all(("TEXTIMAGE_ON [OF_2026]" in text) is (column == "at") for text in tables)
    # Every index on both tables, each with its own compression and filegroup.
    indexes = [text for text in texts if "DATA_COMPRESSION" in text and not text.startswith("CREATE TABLE")]
    assert len(indexes) == {"nasty names": 8, "a date": 4}.get(name, 2)
    assert all(text.endswith("WITH (DATA_COMPRESSION = PAGE) ON [OF_2026];") for text in indexes)


def own(bundle: Bundle) -> str:
    found = re.search(r"OBJECT_ID\(N'((?:[^']|'')+)', N'U'\), @dp_problems", steps(bundle)["swap-partitions"])
    assert found is not None
    return found[1].replace("''", "'")


def test_a_broken_text_that_is_run_is_seen(parse_tsql: Parse) -> None:
    assert parse_tsql("SELECT 1;") == []
    broken = "DECLARE @dp_statement nvarchar(max), @dp_new nvarchar(9); SET @dp_statement = CONCAT(N'ALTER TABLE ', @dp_new, N' SWITCH;');"
    (text,) = run_texts(broken, Sampled(low="", high=""))
    assert text == "ALTER TABLE [dbo].[new] SWITCH;" and scriptdom.read(text)[1]


def test_who_loads_may_alter_the_target(tmp_path: Path) -> None:
    bundle, _ = compiled(tmp_path, nothing)
    assert bundle is not None
    (grants,) = [text for path, text in bundle.files.items() if path.endswith("mssql_grants.sql")]
    assert "DELETE, ALTER ON [dbo].[orders_months]" in grants
