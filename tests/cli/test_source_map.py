"""sourcemap.json: every step of the plan and of its replay has its manifest line, and no place names a machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import EXAMPLES, dponec, write_manifest


def compiled(manifest: Path, out: Path) -> dict[str, Any]:
    shown = dponec("compile", manifest, "-o", out)
    assert shown.exit_code == 0, shown.output
    found: dict[str, Any] = json.loads((out / "orders" / "sourcemap.json").read_text(encoding="utf-8"))
    return found


def places(found: dict[str, Any]) -> set[str]:
    return {each["manifest"].rsplit(":", 2)[0] for part in ("files", "decisions") for each in found[part].values()}


def test_a_manifest_given_absolutely_is_shown_from_the_current_folder_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DPONEC_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "loads").mkdir()
    (tmp_path / "elsewhere").mkdir()
    manifest = write_manifest(tmp_path / "loads", "yaml")
    for folder, shown in (
        (tmp_path, "loads/orders.yaml"),
        (manifest.parent, "orders.yaml"),
        (tmp_path / "elsewhere", "orders.yaml"),
    ):
        monkeypatch.chdir(folder)  # the cache must not bring the place of another folder
        assert places(compiled(manifest, tmp_path / "plans")) == {shown}
    monkeypatch.chdir(tmp_path)
    assert places(compiled(Path("loads/orders.yaml"), tmp_path / "plans")) == {"loads/orders.yaml"}


@pytest.mark.parametrize(
    "folder", sorted(path for path in (EXAMPLES / "plans").iterdir() if path.is_dir()), ids=lambda p: p.name
)
def test_the_steps_of_a_resync_are_steps(folder: Path) -> None:
    files = json.loads((folder / "sourcemap.json").read_text(encoding="utf-8"))["files"]
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    steps = [*plan["steps"], *(plan["replay"].get("resync") or {}).get("steps", ())]
    for step in steps:
        for path in filter(None, (step["file"], step["guard"]["file"], *step["files"].values())):
            assert files[path]["step"] == step["id"] and files[path]["path"] == step["origin"]
