"""dponec calibrate: from the receipts on disk to a file that --costs reads."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.commands import dponec, write_manifest
from tests.unit.cost.test_fit import receipt


def _runs(folder: Path, *rows: int) -> Path:
    for number, count in enumerate(rows):
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "receipt.json").write_text(json.dumps(receipt(count)), encoding="utf-8")
    return folder


def test_receipts_become_constants_that_advise_takes(tmp_path: Path) -> None:
    runs = _runs(tmp_path / "runs", 1000, 20_000, 50_000, 100_000, 400_000)
    costs = tmp_path / "costs.json"
    shown = dponec("calibrate", runs, "-o", costs)
    assert shown.exit_code == 0, shown.stderr
    assert "postgres: 5 runs" in shown.stdout
    advice = json.loads(dponec("advise", write_manifest(tmp_path, "yaml"), "--costs", costs, "--format", "json").stdout)
    upsert = next(each for each in advice["cost"]["estimates"] if each["policy"] == "upsert")
    # A tenth of a second, and three microseconds for each of the 20,000 rows.
    assert abs(upsert["seconds"] - 0.16) < 0.005


def test_too_few_runs_write_nothing(tmp_path: Path) -> None:
    costs = tmp_path / "costs.json"
    refused = dponec("calibrate", _runs(tmp_path / "runs", 1000, 2000), "-o", costs)
    assert refused.exit_code == 1
    assert "postgres: 2 runs, and 5 are needed" in refused.stderr
    assert not costs.exists()
