"""The README shows what is so: its manifest, plan and support tables are those of the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.commands import EXAMPLES, ROOT, dponec

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    """What stands between two markers."""
    found = re.search(rf"<!-- {name}[^>]* -->\n(.*?)\n<!-- /{name} -->", README, re.DOTALL)
    assert found, name
    return found[1]


def test_the_manifest_is_the_example() -> None:
    text = (EXAMPLES / "orders_days_pg_to_pg.yaml").read_text(encoding="utf-8")
    assert block("manifest") == f"```yaml\n{text}```"


def test_the_plan_is_the_committed_one() -> None:
    plan = (EXAMPLES / "plans" / "orders_days_pg_to_pg" / "plan.md").read_text(encoding="utf-8")
    lines = {line.lstrip("# ") for line in plan.splitlines()}
    shown = [line.lstrip("# ") for line in block("plan").splitlines()]
    assert [line for line in shown if line not in lines] == ["| what it guarantees | | |"]


def test_the_support_tables_are_the_generated_ones() -> None:
    page = (ROOT / "docs" / "reference" / "support.md").read_text(encoding="utf-8")
    assert block("support").replace("### ", "## ") == page[page.index("## Routes") :].strip()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_commands_exist() -> None:
    for name in sorted(set(re.findall(r"^\$ dponec (\w+)", README, re.MULTILINE))):
        assert dponec(name, "--help").exit_code == 0


def test_committed_bundles_are_what_the_examples_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    checked = dponec("compile", Path("examples"), "-o", Path("examples/plans"), "--check", "--strict", "--no-cache")
    assert checked.exit_code == 0, f"make golden, then read the diff\n{checked.stdout}"
    held = {folder.name for folder in (EXAMPLES / "plans").iterdir()}
    assert held == {path.stem for path in EXAMPLES.glob("*.yaml")}
