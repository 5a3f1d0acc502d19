"""full_refresh by sp_rename: offered where the snapshot shows nothing that another table would lose, and refused with the reason."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from dpone_compiler.driver.compile import compile_paths
from tests.bundle_files.test_parse import of
from tests.compiled_bundles import ROOT

LOADS = ROOT / "tests" / "cases" / "loads"


def told(folder: Path, change: dict[str, Any], strategy: dict[str, Any] | None = None) -> str:
    """Compile the load with a target that differs; what is said of it, '' when it compiles."""
    shutil.copytree(LOADS / "catalog", folder / "catalog")
    snapshot = folder / "catalog" / "case_ms.yaml"
    catalog = yaml.safe_load(snapshot.read_text(encoding="utf-8"))
    (target,) = [table for table in catalog["tables"] if table["name"] == "orders"]
    target["structure"] |= change
    snapshot.write_text(yaml.safe_dump(catalog), encoding="utf-8")
    manifest = yaml.safe_load((LOADS / "shadow_full_ms.yaml").read_text(encoding="utf-8"))
    manifest["sink"]["strategy"] |= strategy or {}
    (folder / "load.yaml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    result = compile_paths([folder / "load.yaml"])
    refused = [str(each.problem.message()) for each in result.diagnostics if each.problem.code != "DP208"]
    return "" if result.bundles else "; ".join(refused)


def test_a_plain_table_is_swapped(tmp_path: Path) -> None:
    assert told(tmp_path, {}) == ""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"primary_key": [], "indexes": []}, "no primary key"),
        ({"unique_keys": [["status"]]}, "other indexes"),
        ({"indexes": [["id", "day"], ["at"]]}, "other indexes"),
        ({"partition_key": "days(day)"}, "partitioned"),
        ({"hazards": [["trigger", "audit"]]}, "trigger audit"),
        ({"hazards": [["security_policy", "own_rows"]]}, "own_rows"),
    ],
)
def test_what_another_table_would_lose_is_refused(change: dict[str, Any], why: str, tmp_path: Path) -> None:
    assert why in told(tmp_path, change)


def test_readers_have_to_be_tolerant(tmp_path: Path) -> None:
    assert "readers: tolerant" in told(tmp_path, {}, {"policies": {"reconcile": "content"}})


def test_the_new_table_is_built_before_and_exchanged_inside_the_transaction() -> None:
    steps = {
        path.split("-", 1)[1].removesuffix(".sql"): text for path, text in of("shadow_full_ms", "mssql") if "-" in path
    }
    new = "[dbo].[orders__dponec_"
    assert "transaction finalize" not in steps["build-shadow"] and "transaction finalize" in steps["exchange-tables"]
    # The proof before the exchange is of the new table, the one after it of the target.
    assert new in steps["prove-shadow"] and new not in steps["reconcile"]
    exchanged = steps["exchange-tables"]
    # Locked, asked, granted, renamed: in this order, and the key goes with its table.
    order = [
        "TABLOCKX, HOLDLOCK",
        "DP420",
        "sys.database_permissions AS p",
        "sp_executesql @dp_grants",
        "@newname = @dp_key",
        "@newname = N'orders'",
    ]
    assert sorted(order, key=exchanged.index) == order
    assert exchanged.count("sys.sp_rename") == exchanged.count("IF @dp_renamed <> 0 THROW") == 4


def test_a_partitioned_target_says_why_it_is_not_switched(tmp_path: Path) -> None:
    shutil.copytree(LOADS / "catalog", tmp_path / "catalog")
    snapshot = tmp_path / "catalog" / "case_ms.yaml"
    catalog = yaml.safe_load(snapshot.read_text(encoding="utf-8"))
    (target,) = [table for table in catalog["tables"] if table["name"] == "orders"]
    manifest = yaml.safe_load((LOADS / "shadow_full_ms.yaml").read_text(encoding="utf-8"))
    manifest["source"]["cursor"] = {"column": "at", "lag": "10 minutes"}
    strategy = {"mode": "partition_replace", "unique_key": ["id", "day"], "partition": {"column": "day", "by": "day"}}
    manifest["sink"]["strategy"] = strategy
    (tmp_path / "load.yaml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    for key, said in (("", False), ("days(day)", True)):
        target["structure"]["partition_key"] = key
        snapshot.write_text(yaml.safe_dump(catalog), encoding="utf-8")
        result = compile_paths([tmp_path / "load.yaml"])
        assert len(result.bundles) == 1
        warned = [str(each.problem.message()) for each in result.diagnostics]
        assert any("days(day), and its partitions are emptied" in text for text in warned) is said
