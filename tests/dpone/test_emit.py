"""`compile --emit dpone`: dpone 0.88.0 itself plans what we wrote, keeps our strategy and shows our decision."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.commands import EXAMPLES, ROOT, dponec
from tests.tiers import DPONE_PYTHON

CASES = ROOT / "tests" / "cases" / "loads"
# What dpone itself does not do, whatever the form: file -> a part of what it says.
REFUSED = {
    "cdc_slot_ms": "strategy 'cdc_apply' is not implemented",
    "cdc_soft_ms": "strategy 'cdc_apply' is not implemented",
    "cdc_table_ms": "strategy 'cdc_apply' is not implemented",
    "create_ms": "Unsafe MSSQL schema identifier",
    "history_cursor_ms": "mssql.strategy.scd2.valid_from_column",
    "history_run_ms": "mssql.strategy.scd2.valid_from_column",
    "shadow_full_ms": "mssql.strategy.full_refresh.exchange_physical_preservation",
    "merge_delete_ms": "Unsafe MSSQL schema identifier",
    "snapshot_soft_ms": "mssql.strategy.snapshot_diff.source_custom_predicate",
}


def _planned(folder: Path) -> dict[str, dict[str, Any]]:
    """File stem -> what dpone answered."""
    files = sorted(folder.glob("*.yaml"))
    argv = [str(DPONE_PYTHON), str(Path(__file__).with_name("plan_all.py")), *map(str, files)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return {file.stem: json.loads(line) for file, line in zip(files, done.stdout.splitlines(), strict=True)}


@pytest.mark.dpone
@pytest.mark.parametrize("folder", [EXAMPLES, CASES], ids=["examples", "cases"])
def test_dpone_plans_what_is_written_for_it(folder: Path, tmp_path: Path) -> None:
    dponec("compile", folder, "--emit", "dpone", "-o", tmp_path)
    answers = _planned(tmp_path)
    manifests = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in tmp_path.glob("*.yaml")}
    assert len(answers) >= 6
    refused = {name: answer["said"] for name, answer in answers.items() if answer["code"]}
    assert refused.keys() == (REFUSED.keys() & manifests.keys())
    for name, said in refused.items():
        assert REFUSED[name] in said
    for name, answer in answers.items():
        if answer["code"]:
            continue
        sink, options = manifests[name]["sink"], manifests[name]["source"].get("options", {})
        plan = answer["plan"]
        assert plan["strategy"]["mode"] == sink["strategy"]["mode"]
        assert (plan["strategy"]["unique_key"] or []) == sink["strategy"].get("unique_key", [])
        assert plan["estimated_rows"] == options.get("estimated_rows")
        # dpone shows the decision that stands in the manifest and not one of its own.
        assert plan["strategy_intelligence"] == sink["options"]["strategy_intelligence"]
