"""Strategies into SQL Server, each in every way that its manifest allows: all of their T-SQL is read by ScriptDom and is free of what
lints.py looks for. Golden bundles show a few of them; here none is left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dpone_compiler.artifacts.bundle import Bundle
from dpone_compiler.driver.compile import compile_paths
from tests import scriptdom
from tests.compiled_bundles import ROOT
from tests.scriptdom import TsqlError
from tests.tsql import lints
from tests.tsql.test_bundles import sampled

POSTGRES = {"type": "postgres", "connection_id": "case_pg", "table": {"schema": "shop", "name": "orders"}}
MSSQL = {
    "type": "mssql",
    "connection_id": "case_ms_source",
    "table": {"schema": "sales", "name": "Orders"},
    "columns": [
        {"name": name, "as": as_}
        for name, as_ in (
            ("OrderId", "id"), ("Day", "day"), ("ChangedAt", "at"), ("Amount", "amount"), ("Status", "status"),
        )
    ],
}  # fmt: skip
NOTES = {"type": "postgres", "connection_id": "case_changes", "where": "status <> 'draft'"}
SLOT = {**NOTES, "table": {"schema": "shop", "name": "notes"}}
# Where deletes are passed over, changes behind a filter have to be whole, and those of this table are not.
UNFILTERED = {name: said for name, said in SLOT.items() if name != "where"}
CHANGES = {**NOTES, "table": {"schema": "shop", "name": "note_changes"}, "cursor": {"column": "seq", "lag": "1 minute"}}
INTO = {"orders": ["id", "day"], "order_history": ["id"], "notes": ["id"]}
Case = tuple[dict[str, Any], str, dict[str, Any]]


def cases() -> dict[str, Case]:
    """Name -> (source, target table, strategy)."""
    made: dict[str, Case] = {}
    for source, cursor in ((POSTGRES, "at"), (MSSQL, "ChangedAt")):
        engine = source["type"]
        dated = {**source, "cursor": {"column": cursor, "lag": "10 minutes"}}
        made[f"scd2 {engine} by cursor"] = (
            dated,
            "order_history",
            {"mode": "scd2", "scd2": {"row_hash_column": "row_hash"}},
        )
        for missing in ("expire", "ignore"):
            for empty in ("fail", "keep"):
                strategy = {"mode": "scd2", "scd2": {"delete_policy": missing}, "empty_slice": empty}
                made[f"scd2 {engine} by run {missing} {empty}"] = (source, "order_history", strategy)
        for chunk in (
            {"column": "id" if engine == "postgres" else "OrderId", "kind": "integer", "from": 0, "to": 9, "step": 4},
            {
                "column": "day" if engine == "postgres" else "Day",
                "kind": "date",
                "from": "2026-01-01",
                "to": "2026-03-01",
                "step": "9 days",
            },
            {"column": cursor, "kind": "timestamp", "from": "2026-01-01", "to": "2026-01-02", "step": "6 hours"},
        ):
            for inner in ("incremental_append", "incremental_merge", "partition_replace", "replace"):
                backfill: dict[str, Any] = {"mode": "backfill", "backfill": {"inner_mode": inner, "chunk": chunk}}
                if inner == "partition_replace":
                    backfill["partition"] = {"column": "day", "by": "day"}
                made[f"backfill {engine} {inner} by {chunk['kind']}"] = (source, "orders", backfill)
    for truncate in ("apply", "fail"):
        for policy in ("update_insert", "delete_insert"):
            for deletes in ("apply", "ignore", "soft_delete"):
                cdc = {"delete_policy": deletes, **({"deleted_column": "gone"} if deletes == "soft_delete" else {})}
                for mode, source, told in (
                    ("logical_replication", UNFILTERED if deletes == "ignore" else SLOT, {}),
                    ("change_table", CHANGES, {"operation_column": "op"}),
                ):
                    strategy = {"mode": "cdc_apply", "merge_policy": policy, "cdc": {**told, **cdc}}
                    with_ = {**source, "options": {"cdc": {"mode": mode, "truncate": truncate}}}
                    made[f"cdc_apply {mode} {deletes} {truncate} {policy}"] = (with_, "notes", strategy)
    return made


def compiled(folder: Path, case: Case) -> Bundle:
    source, table, strategy = case
    sink = {
        "type": "mssql",
        "connection_id": "case_ms",
        "table": {"schema": "dbo", "name": table},
        "strategy": {"unique_key": INTO[table], **strategy},
    }
    shutil.copytree(ROOT / "tests" / "cases" / "loads" / "catalog", folder / "catalog")
    manifest = folder / "load.yaml"
    manifest.write_text(yaml.safe_dump({"name": "load", "source": source, "sink": sink}), encoding="utf-8")
    result = compile_paths([manifest])
    assert result.bundles, [str(told.problem) for told in result.diagnostics]
    (made,) = result.bundles
    return made


@pytest.mark.parametrize("name", sorted(cases()))
def test_script_dom_reads_every_text(name: str, tmp_path: Path, parse_tsql: Callable[[str], list[TsqlError]]) -> None:
    assert parse_tsql("SELECT 1;") == []
    made = compiled(tmp_path, cases()[name])
    texts = [(path, text) for path, text in made.files.items() if path.endswith(".sql") and "-- engine: mssql" in text]
    assert len(texts) > 20
    for path, text in texts:
        tree, errors = scriptdom.read(sampled(text))
        assert not errors, f"{path}: {errors}"
        if any(
            word in path for word in ("versions", "slice", "collapse", "check-changes", "stale", "scope", "reconcile")
        ):
            assert not lints.lint(scriptdom.nodes(tree)), path
