"""A backfill that is written for dpone has our slices: its own planner cuts them where ours does, and what it cannot say is refused."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dpone_compiler.artifacts.plan_codec import decode_plan
from dpone_compiler.driver.compile import Options, compile_manifest
from tests.cli.commands import EXAMPLES, ROOT, dponec
from tests.tiers import DPONE_PYTHON

CASE = (ROOT / "tests" / "cases" / "loads" / "backfill_replace_pg.yaml").read_text(encoding="utf-8")
CATALOG = ROOT / "tests" / "cases" / "loads" / "catalog"
CHUNK = "chunk: {column: id, kind: integer, from: 0, to: 2500, step: 1000}"
MERGE = "inner_mode: incremental_merge, "


def _write(folder: Path, chunk: str, *, inner: str = MERGE, text: str = CASE) -> Path:
    path = folder / "load.yaml"
    assert CHUNK in text and "inner_mode: replace, " in text
    path.write_text(text.replace(CHUNK, chunk).replace("inner_mode: replace, ", inner), encoding="utf-8")
    return path


def _emitted(path: Path, folder: Path) -> tuple[dict[str, Any], str]:
    done = dponec("compile", path, "--catalog", CATALOG, "--emit", "dpone", "-o", folder / "out")
    files = list((folder / "out").glob("*.yaml"))
    return (yaml.safe_load(files[0].read_text(encoding="utf-8")) if files else {}), done.stderr


def _cut_by_dpone(backfill: dict[str, Any]) -> list[list[str]]:
    argv = [str(DPONE_PYTHON), str(Path(__file__).with_name("slices_of.py"))]
    done = subprocess.run(argv, input=json.dumps(backfill), capture_output=True, text=True, check=True)
    cut: list[list[str]] = json.loads(done.stdout)
    return cut


@pytest.mark.dpone
@pytest.mark.parametrize(
    "chunk",
    [
        CHUNK,
        "chunk: {column: id, kind: integer, from: -7, to: 8, step: 5}",
        "chunk: {column: day, kind: date, from: 2026-01-31, to: 2026-03-02, step: 7 days}",
        "chunk: {column: day, kind: date, from: 2026-01-01, to: 2026-01-02, step: 31 days}",
    ],
)
def test_its_planner_cuts_where_ours_does(chunk: str, tmp_path: Path) -> None:
    path = _write(tmp_path, chunk)
    (item,) = compile_manifest(path, Options(catalog=CATALOG)).loads
    assert item.context is not None
    slices = item.context.load.write.slices
    assert slices is not None
    manifest, said = _emitted(path, tmp_path)
    assert "DP311" not in said
    strategy = manifest["sink"]["strategy"]
    assert (strategy["mode"], strategy["backfill"]["inner_mode"]) == ("backfill", "incremental_merge")
    found = _cut_by_dpone(strategy["backfill"])
    if slices.kind == "integer":
        found = [[low, str(int(high) + 1)] for low, high in found]
    assert [tuple(pair) for pair in found] == list(slices.pairs())
    assert "incremental_column" not in manifest["source"].get("options", {})


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        ("inner_mode: incremental_append, ", "appends slices to a table of its own"),
        ("inner_mode: partition_replace, ", "replace partitions by the rows of one slice"),
    ],
)
def test_what_would_load_other_rows_is_refused(inner: str, why: str, tmp_path: Path) -> None:
    text = CASE.replace("unique_key: [id, day]", "unique_key: [id, day]\n    partition: {column: day, by: month}")
    if "append" in inner:
        text = CASE.replace("unique_key: [id, day]", "empty_slice: keep")
    manifest, said = _emitted(_write(tmp_path, CHUNK, inner=inner, text=text), tmp_path)
    assert manifest == {}
    assert "DP311" in said and why in said


@pytest.mark.dpone
def test_the_example_is_planned_by_dpone(tmp_path: Path) -> None:
    dponec("compile", EXAMPLES / "orders_backfill_pg_to_pg.yaml", "--emit", "dpone", "-o", tmp_path)
    (file,) = tmp_path.glob("*.yaml")
    backfill = yaml.safe_load(file.read_text(encoding="utf-8"))["sink"]["strategy"]["backfill"]
    plan = json.loads((ROOT / "examples" / "plans" / "orders_backfill_pg_to_pg" / "plan.json").read_text("utf-8"))
    assert decode_plan(json.dumps(plan)).decision["slices"]["count"] == len(_cut_by_dpone(backfill))
