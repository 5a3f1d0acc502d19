"""A machine without the vendors' clients: compile does not care, preflight names them and the way that is left, run goes that way."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from dpone_compiler.driver.output import write_bundle
from tests.cli.commands import dponec
from tests.compiled_bundles import ROOT, bundle
from tests.engines.test_mssql_connection import closed_port

LOADS = {
    "merge_ms": ("postgres_copy_to_mssql_bcp", "bcp", "pyodbc_fast_executemany"),
    "partitions_ms_ch": ("mssql_bcp_queryout_to_clickhouse_direct_tsv", "bcp", "python_streaming_batches"),
    "merge_ch": ("postgres_copy_to_clickhouse_http_tsv", "clickhouse-client or curl", "streaming_rows"),
    "merge_ms_ms": ("mssql_bcp_queryout_to_bcp_import", "bcp", "pyodbc_fast_executemany"),
}


@pytest.fixture(autouse=True)
def _no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


@pytest.mark.parametrize("name", LOADS)
def test_a_compile_is_the_same_without_clients(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = dponec("compile", f"tests/cases/loads/{name}.yaml", "-o", tmp_path, "--no-cache")
    assert done.exit_code == 0, done.output
    made = {str(path.relative_to(tmp_path / name)): path for path in (tmp_path / name).rglob("*") if path.is_file()}
    assert {path: made[path].read_text(encoding="utf-8") for path in bundle(name).files} == dict(bundle(name).files)


@pytest.mark.parametrize("name", LOADS)
def test_preflight_names_what_is_missing_and_the_way_that_is_left(name: str) -> None:
    path, tool, fallback = LOADS[name]
    manifest = ROOT / "tests" / "cases" / "loads" / f"{name}.yaml"
    told = dponec("preflight", manifest)
    assert told.exit_code == 0
    assert f"{path}: not ready for run.sh: `dponec run` sends the rows, by {fallback}" in told.stdout
    assert f"LACK {tool}: " in told.stdout
    shown = json.loads(dponec("preflight", manifest, "--format", "json").stdout)
    assert (shown["ready"], shown["fallback_path"], shown["tools"][tool]["path"]) == (False, fallback, None)
    assert dponec("preflight", manifest, "--fail-on-missing").exit_code == 1
    plan = json.loads(bundle(name).files["plan.json"])
    assert (plan["native_transfer_plan"]["fast_path_id"], plan["native_transfer_plan"]["fallback"]) == (path, fallback)


@pytest.mark.parametrize("name", ["merge_ms_ms", "partitions_ms_ch"])
def test_a_run_needs_no_client_of_sql_server(
    name: str, freetds_driver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets as far as the server, which is not there: by pyodbc, within seconds, with exit code 1."""
    write_bundle(bundle(name), tmp_path)
    source, target = closed_port(), closed_port()
    monkeypatch.setenv("DPONE_CONN_CASE_MS_SOURCE", f"mssql://sa:s3cret@127.0.0.1:{source}/dwh?driver={freetds_driver}")
    monkeypatch.setenv("DPONE_CONN_CASE_MS", f"mssql://sa:s3cret@127.0.0.1:{target}/dwh?driver={freetds_driver}")
    monkeypatch.setenv("DPONE_CONN_CASE_CH", f"clickhouse+http://127.0.0.1:{target}/dwh")
    monkeypatch.chdir(tmp_path)
    started = time.monotonic()
    ended = dponec("run", name)
    assert ended.exit_code == 1, ended.output
    assert time.monotonic() - started < 10
    assert "DP421" in ended.output and "127.0.0.1" in ended.output
    assert "next" in ended.output
    assert "s3cret" not in ended.output
