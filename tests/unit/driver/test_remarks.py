"""What plan.md says about logins, snapshots of the source, statistics and dependent views; and where it says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dpone_compiler.artifacts.plan_codec import decode_plan
from dpone_compiler.driver.compile import Options, compile_manifest
from tests.compiled_bundles import ROOT, bundle

LOADS = ROOT / "tests" / "cases" / "loads"


def read_first(name: str) -> str:
    """The notes of a plan, and that plan.md shows them."""
    files = bundle(name).files
    notes = decode_plan(files["plan.json"]).notes
    section = files["plan.md"].partition("## Read this first")[2].partition("\n## ")[0]
    assert section.count("\n- ") >= len(notes)
    return "\n".join(notes)


@pytest.mark.parametrize("name", ["merge_ms", "append_ms_pg", "merge_ms_ms", "partitions_ms_ch"])
def test_bcp_logs_in_by_kerberos_only(name: str) -> None:
    assert "Kerberos only, and a SQL login needs `dponec run`" in read_first(name)


@pytest.mark.parametrize("name", ["merge_update_pg", "merge_ch"])
def test_no_word_of_sql_server_where_there_is_none(name: str) -> None:
    assert "bcp" not in read_first(name) and "SNAPSHOT" not in read_first(name)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("snapshot_isolation_state: '1'", "share one snapshot"),
        ("snapshot_isolation_state: '0', read_committed_snapshot: '1'", "each statement sees one moment"),
        ("snapshot_isolation_state: '3', read_committed_snapshot: '0'", "skip rows that move meanwhile"),
        ("snapshot_isolation_state: '0'", "there is no common snapshot"),
        ("collation: x", "is unknown"),
    ],
)
def test_whether_the_source_has_a_common_snapshot(tmp_path: Path, settings: str, told: str) -> None:
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    for path in (LOADS / "catalog").glob("case_*.yaml"):
        (catalog / path.name).write_text(path.read_text().replace("snapshot_isolation_state: '1'", settings))
    (made,) = compile_manifest(LOADS / "append_ms_pg.yaml", Options(catalog=catalog)).bundles
    assert told in "\n".join(decode_plan(made.files["plan.json"]).notes)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("full_pg", "run ANALYZE on it"),
        ("partitions_pg", "run ANALYZE on it"),
        ("full_ms", "run UPDATE STATISTICS on it"),
        ("switch_ms", "run UPDATE STATISTICS on it"),
    ],
)
def test_statistics_after_a_load_that_changes_much(name: str, command: str) -> None:
    assert command in read_first(name)


@pytest.mark.parametrize("name", ["append_pg", "merge_update_pg", "shadow_full_pg", "full_ch"])
def test_no_word_of_statistics_where_few_rows_change_or_the_plan_makes_them(name: str) -> None:
    assert "after the load" not in read_first(name)


def test_a_view_on_a_postgres_target_is_a_hazard(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    for path in (LOADS / "catalog").glob("case_*.yaml"):
        (catalog / path.name).write_text(path.read_text())
    dwh = catalog / "case_dwh.yaml"
    before, table, after = dwh.read_text().partition('name: "totals"\n  structure:\n')
    dwh.write_text(before + table + "    hazards:\n    - [view, dwh.totals_now]\n" + after)
    result = compile_manifest(LOADS / "full_pg.yaml", Options(catalog=catalog))
    (found,) = [each for each in result.diagnostics if each.code == "DP242"]
    assert "view dwh.totals_now depends on the target" in found.problem.message()
