"""Narrow texts of SQL Server: a code page that the batch cannot ask about is proved by the digest of the content, or is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from dpone_compiler.driver.compile import compile_paths
from tests.compiled_bundles import ROOT
from tests.scriptdom import TsqlError

_CASE = ROOT / "tests" / "cases" / "loads" / "pairs_ms_ms.yaml"


def _batches(level: str, folder: Path) -> list[str]:
    """The bodies that fill staging from a batch of rows."""
    manifest = yaml.safe_load(_CASE.read_text())
    manifest["sink"]["strategy"]["policies"]["reconcile"] = level
    (folder / "pairs_ms_ms.yaml").write_text(yaml.safe_dump(manifest))
    for beside in ("catalog", "snapshots"):
        if (_CASE.parent / beside).exists():
            os.symlink(_CASE.parent / beside, folder / beside)
    (bundle,) = compile_paths([folder / "pairs_ms_ms.yaml"]).bundles
    return [text for name, text in bundle.files.items() if name.endswith(("rows.load.sql", "rows.unpack.sql"))]


@pytest.mark.parametrize(("level", "refused"), [("counts", True), ("content", False), ("full", False)])
def test_another_code_page_is_refused_where_no_digest_would_see_what_it_stores(
    level: str, refused: bool, tmp_path: Path
) -> None:
    batches = _batches(level, tmp_path)
    assert len(batches) == 2
    for text in batches:
        looked_up, asked = text.index("SELECT TOP (1) @dp_column"), text.index("IF @dp_column IS NULL AND EXISTS")
        assert looked_up < asked < text.index("INSERT INTO [staging]")
        assert ("IF @dp_column IS NOT NULL" in text) is refused
        if refused:
            assert looked_up < text.index("IF @dp_column IS NOT NULL") < text.index("N'DP509: '") < asked


def test_it_is_t_sql(tmp_path: Path, parse_tsql: Callable[[str], list[TsqlError]]) -> None:
    for text in _batches("counts", tmp_path):
        assert parse_tsql(text) == []
