"""A mode that nobody gave is told as the default and never as a wish, in every front end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dpone_compiler.driver.compile import Options, compile_manifest
from dpone_compiler.driver.document import decision_document
from dpone_compiler.dsl import load, postgres
from tests.compiled_bundles import ROOT

CATALOG = ROOT / "tests" / "cases" / "loads" / "catalog"
YAML = """\
name: whole
source: {type: postgres, connection_id: case_pg, table: shop.orders, columns: [id, day]}
sink: {type: postgres, connection_id: case_dwh, table: dwh.orders, strategy: {%s}}
"""
LANGUAGE = """\
load whole {
  from postgres.case_pg shop.orders columns (id, day)
  into postgres.case_dwh dwh.orders
  %s
}
"""
DEFAULT = ("default_strategy", "no mode is given; full_refresh is the default")
ASKED = ("explicit_strategy", "the manifest asks for it")


def decision(folder: Path, name: str, text: str) -> dict[str, Any]:
    path = folder / name
    path.write_text(text)
    result = compile_manifest(str(path), Options(catalog=CATALOG))
    (compiled,) = result.loads
    return decision_document(compiled.load)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.yaml", YAML % "", DEFAULT),
        ("a.yaml", YAML % "mode: full_refresh", ASKED),
        ("a.yaml", YAML % "merge_policy: shadow_swap", DEFAULT),
        ("a.dpone", LANGUAGE % "", DEFAULT),
        ("a.dpone", LANGUAGE % "strategy policy shadow_swap", DEFAULT),
        ("a.dpone", LANGUAGE % "strategy full_refresh", ASKED),
    ],
)
def test_who_gave_the_mode(tmp_path: Path, name: str, text: str, told: tuple[str, str]) -> None:
    said = decision(tmp_path, name, text)
    assert (said["requested_mode"], said["strategy"]) == ("full_refresh", "full_refresh")
    (reason,) = [each for each in said["reasons"] if each["choice"] == "strategy"]
    assert (reason["code"], reason["reason"]) == told


def test_python_always_names_a_mode() -> None:
    """Its builder ends with the mode, so a load without one cannot be written."""
    whole = load("whole").read(postgres("case_pg", "shop.orders")).into(postgres("case_dwh", "dwh.orders"))
    assert whole.full_refresh().write.mode == "full_refresh"
