"""What a SQL Server source asks and waits for."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dpone_compiler.driver.compile import Options, compile_paths
from tests.bundle_files.routes import manifest
from tests.compiled_bundles import ROOT, bundle

CATALOG = Options(catalog=ROOT / "tests" / "cases" / "loads" / "catalog")


@pytest.mark.parametrize(("lag", "waits"), [("23 hours", "N'23:00:00'"), ("24 hours", ""), ("2 days", "")])
def test_a_number_waits_less_than_a_day(lag: str, waits: str, tmp_path: Path) -> None:
    """WAITFOR DELAY '24:00:00' is an error of the server, at every run."""
    load = manifest("mssql", "mssql", "incremental_append")
    load["source"]["cursor"] = {"column": "OrderId", "lag": lag}
    file = tmp_path / "load.yaml"
    file.write_text(yaml.safe_dump(load), encoding="utf-8")
    result = compile_paths([file], CATALOG)
    if waits:
        (made,) = result.bundles
        assert any(f"WAITFOR DELAY {waits};" in text for text in made.files.values())
        return
    assert not result.bundles
    assert any("WAITFOR waits less than 24 hours" in str(told) for told in result.diagnostics)


def test_values_are_counted_without_a_warning() -> None:
    """COUNT of an expression that is NULL warns of each aggregate (8153), and sqlcmd tells warnings as errors are told."""
    counted = [text for name, text in bundle("pairs_ms_ms").files.items() if "check-values" in name]
    assert counted
    for text in counted:
        assert "COUNT_BIG(CASE" not in text and "COALESCE(SUM(CONVERT(bigint, CASE WHEN " in text
