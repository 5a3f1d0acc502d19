"""Entry points read from folders are those that importlib.metadata finds."""

from __future__ import annotations

import os
import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from dpone_compiler.installed import Point, points
from dpone_compiler.registry import BACKENDS, FRONTENDS, NATIVE, STRATEGIES

OURS = (BACKENDS, FRONTENDS, NATIVE, STRATEGIES)
TEXT = """
# a comment
[console_scripts]
tool = tool:main

[dpone_compiler.backends]
 oracle =  stranger.oracle:BACKEND
db2=stranger.db2 : the.BACKEND [extra]
"""
GROUP = ("dpone_compiler.backends",)


def _standard(groups: tuple[str, ...]) -> set[Point]:
    return {Point(group, each.name, each.value) for group in groups for each in entry_points(group=group)}


def _install(site: Path, name: str, text: str = TEXT) -> None:
    folder = site / name
    folder.mkdir(parents=True)
    (folder / "entry_points.txt").write_text(text, encoding="utf-8")
    (folder / ("PKG-INFO" if name.endswith("egg-info") else "METADATA")).write_text(
        f"Metadata-Version: 2.1\nName: {name.partition('-')[0]}\nVersion: 1.0\n", encoding="utf-8"
    )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is first on sys.path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_this_installation() -> None:
    groups = (*OURS, "console_scripts", "pytest11")
    assert len(points(OURS)) >= 20
    assert set(points(groups)) == _standard(groups)


def test_a_stranger_is_found(site: Path) -> None:
    _install(site, "stranger-1.0.dist-info")
    found = {point.name: point.target for point in points(GROUP)}
    assert found["oracle"] == "stranger.oracle:BACKEND"
    assert found["db2"] == "stranger.db2 : the.BACKEND [extra]"
    assert set(points(GROUP)) == _standard(GROUP)


def test_the_first_of_one_name_counts(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(site, "Some.Stranger-2.0.dist-info", "[dpone_compiler.backends]\nnew = a:b\n")
    later = site / "later"
    _install(later, "some_stranger-1.0.dist-info", "[dpone_compiler.backends]\nold = a:b\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(later)])
    assert {point.name for point in points(GROUP)} >= {"new"}
    assert "old" not in {point.name for point in points(GROUP)}


@pytest.mark.parametrize("kind", ["egg-info", "archive"])
def test_what_is_no_folder_of_wheels(site: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(site, f"stranger-1.0.{'egg-info' if kind == 'egg-info' else 'dist-info'}")
    if kind == "archive":
        packed = site / "packed.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for each in (site / "stranger-1.0.dist-info").iterdir():
                archive.write(each, f"stranger-1.0.dist-info/{each.name}")
        monkeypatch.setattr(sys, "path", [str(packed), *(entry for entry in sys.path if entry != str(site))])
    assert "oracle" in {point.name for point in points(GROUP)}
    assert set(points(GROUP)) == _standard(GROUP)


def test_loading() -> None:
    assert Point("g", "n", "os.path:join").load() is os.path.join
    assert Point("g", "n", "pathlib : Path.home [extra]").load() == Path.home
    assert Point("g", "n", "pathlib").load() is sys.modules["pathlib"]
    with pytest.raises(ValueError, match="names no object"):
        Point("g", "n", "a b:c").load()
    with pytest.raises(AttributeError):
        Point("g", "n", "pathlib:Nothing").load()
