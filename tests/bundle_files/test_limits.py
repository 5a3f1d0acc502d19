"""Every plan prints every limit, also those that are not set, and the guard that a strategy brings by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dpone_compiler.artifacts.plan_codec import decode_plan
from dpone_compiler.driver.compile import Options, compile_manifest
from tests.compiled_bundles import ROOT

LOADS = ROOT / "tests" / "cases" / "loads"
NAMES = (
    "lock_timeout", "statement_timeout", "lease_seconds", "max_snapshot_age", "max_staging_bytes", "max_delete_ratio",
    "max_delete_rows", "max_partitions",
)  # fmt: skip


def limits(tmp_path: Path, case: str, more: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    """`limits` of plan.json, and what plan.md prints."""
    path = tmp_path / f"{case}.yaml"
    path.write_text((LOADS / f"{case}.yaml").read_text() + more)
    (bundle,) = compile_manifest(path, Options(catalog=LOADS / "catalog")).bundles
    section = bundle.files["plan.md"].partition("\n## Limits\n")[2].partition("\n## ")[0]
    printed = dict(line[2:].partition(" (")[0].split(": ") for line in section.splitlines() if line.startswith("- "))
    return dict(decode_plan(bundle.files["plan.json"]).limits), printed


@pytest.mark.parametrize("case", ["full_pg", "merge_ch", "partitions_pg", "append_ms"])
def test_every_limit_is_printed(tmp_path: Path, case: str) -> None:
    said, printed = limits(tmp_path, case)
    assert tuple(printed) == NAMES and set(said) == set(NAMES)
    assert {name for name, bound in printed.items() if bound == "none"} == {
        name for name, bound in said.items() if bound is None or (name == "statement_timeout" and bound == 0)
    }


@pytest.mark.parametrize("case", ["snapshot_soft_pg", "snapshot_soft_ch", "snapshot_soft_ms"])
def test_the_guard_of_snapshot_diff_is_a_limit_though_nobody_wrote_it(tmp_path: Path, case: str) -> None:
    said, printed = limits(tmp_path, case)
    assert said["max_delete_ratio"] == 0.5 and printed["max_delete_ratio"] == "0.5"


def test_no_row_at_all_is_a_bound(tmp_path: Path) -> None:
    said, printed = limits(tmp_path, "full_pg", "  limits: {max_delete_rows: 0}\n")
    assert said["max_delete_rows"] == 0 and printed["max_delete_rows"] == "0"
