"""The compile cache: what is unchanged is not compiled again, and each changed input recompiles exactly what depends on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import EXAMPLES, ROOT

LOAD = """name: {name}
source: {{type: postgres, connection_id: src, table: public.{name}}}
sink: {{type: {engine}, connection_id: {sink}, table: dwh.{name}, strategy: {{mode: full_refresh}}}}
"""
TABLE = """- schema: {schema}
  name: {name}
  structure:
    columns: [{{name: id, type: {type}, nullable: false}}]
    primary_key: [id]
"""
HEAD = "format: dponec.catalog/1\nconnection: {name}\nengine: {{type: postgres, version: [18, 6]}}\ntables:\n"
RULE = 'gate never { when rows > 1_000_000_000 deny "too large" }\n'
LOADS = ("first", "second", "third")


class House:
    """A folder with three loads, their catalog, a policy and a cache; `compile` says how many loads were compiled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.words: list[str] = ["--policy", "team.dpone"]
        self.environ: dict[str, str] = {}

    def build(self) -> None:
        """Write the inputs."""
        folder = self.folder
        (folder / "catalog").mkdir()
        (folder / "team.dpone").write_text(RULE)
        for name in LOADS:
            self.manifest(name)
        self.snapshot()

    def manifest(self, name: str, more: str = "") -> None:
        (self.folder / f"{name}.yaml").write_text(LOAD.format(name=name, engine="postgres", sink="dst") + more)

    def snapshot(self, **types: str) -> None:
        """Both sides' catalog; `types`: the key's type in the source, by table."""
        for side, schema in (("src", "public"), ("dst", "dwh")):
            tables = [TABLE.format(schema=schema, name=name, type=types.get(name, "bigint")) for name in LOADS]
            (self.folder / "catalog" / f"{side}.yaml").write_text(HEAD.format(name=side) + "".join(tables))

    def run(self, *words: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, *python, "-m", "dpone_compiler.cli.main", "compile"]
        argv += [f"{name}.yaml" for name in LOADS] + ["-o", "plans", *self.words, *words]
        path = os.pathsep.join(filter(None, (str(ROOT), self.environ.get("PYTHONPATH", ""))))
        environ = {**os.environ, "DPONEC_CACHE_DIR": str(self.folder / "cache"), **self.environ, "PYTHONPATH": path}
        return subprocess.run(
            argv, cwd=self.folder, env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    def compile(self, *words: str) -> int:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        if "current in" in done.stdout and "reused" not in done.stdout:
            return 0
        (found,) = re.findall(r"(\d+) compiled", done.stdout)
        return int(found)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house that was compiled once."""
    made = House(tmp_path_factory.mktemp("house"))
    made.build()
    assert made.compile() == len(LOADS)
    return made.folder


@pytest.fixture
def house(compiled: Path, tmp_path: Path) -> House:
    """A copy of it; every name in it is relative, so its cache is as good there."""
    shutil.copytree(compiled, tmp_path / "house", copy_function=shutil.copy2)
    return House(tmp_path / "house")


def test_unchanged_compiles_nothing_and_imports_no_parser(house: House) -> None:
    done = house.run(python=("-X", "importtime"))
    assert done.returncode == 0
    assert f"{len(LOADS)} bundles are current" in done.stdout
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not {"sqlglot", "lark", "pydantic", "yaml", "jinja2"} & modules


def test_bundles_that_were_deleted_come_from_the_cache(house: House) -> None:
    plan = house.folder / "plans" / "first" / "plan.md"
    before = plan.read_bytes()
    plan.unlink()
    assert house.compile() == 0
    assert plan.read_bytes() == before


def _plugin(house: House) -> None:
    (house.folder / "site" / "dpone_stranger-1.0.dist-info").mkdir(parents=True)
    house.environ["PYTHONPATH"] = str(house.folder / "site")


def _version(house: House) -> None:
    """Another version of the compiler, by a module that Python runs at its start."""
    site = house.folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import dpone_compiler\ndpone_compiler.__version__ = '99.0'\n")
    house.environ["PYTHONPATH"] = str(site)


CHANGES: dict[str, tuple[Callable[[House], object], int]] = {
    "manifest": (lambda house: house.manifest("second", "description: changed\n"), 1),
    "table": (lambda house: house.snapshot(second="integer"), 1),
    "policy": (lambda house: (house.folder / "team.dpone").write_text(RULE.replace("large", "big")), 3),
    "set": (lambda house: house.words.extend(["--set", "source.options.estimated_rows=7"]), 3),
    "plugin": (_plugin, 3),
    "version": (_version, 3),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_compiles_what_depends_on_it(house: House, change: str) -> None:
    make, compiled = CHANGES[change]
    make(house)
    assert house.compile() == compiled
    assert house.compile() == 0


def test_a_table_that_no_load_uses_compiles_nothing(house: House) -> None:
    with (house.folder / "catalog" / "src.yaml").open("a") as file:
        file.write(TABLE.format(schema="public", name="stranger", type="text"))
    assert house.compile() == 0


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\x00", b"[1, 2"])
def test_a_damaged_entry_is_a_miss(house: House, damage: bytes) -> None:
    for entry in (house.folder / "cache").rglob("*"):
        if entry.is_file():
            entry.write_bytes(damage)
    assert house.compile() == len(LOADS)
    assert house.compile() == 0


def test_a_flipped_byte_in_a_stored_bundle_is_a_miss(house: House) -> None:
    before = (house.folder / "plans" / "first" / "run.sh").read_bytes()
    for entry in (house.folder / "cache").rglob("*"):
        if entry.is_file():
            entry.write_bytes(entry.read_bytes().replace(b"SELECT", b"SELEXT"))
    (house.folder / "plans" / "first" / "run.sh").unlink()
    assert house.compile() == len(LOADS)
    assert (house.folder / "plans" / "first" / "run.sh").read_bytes() == before


def test_a_cache_that_cannot_be_written_is_no_cache(house: House) -> None:
    (house.folder / "blocked").write_text("a file, so that not even root can make a folder below it")
    house.environ["DPONEC_CACHE_DIR"] = str(house.folder / "blocked" / "cache")
    assert house.compile() == len(LOADS)
    assert house.compile() == len(LOADS)


def test_check_writes_nothing_and_tells_by_its_exit_code(house: House) -> None:
    assert house.run("--check").returncode == 0
    plan = house.folder / "plans" / "second" / "plan.md"
    plan.write_text("changed\n")
    before = {path: path.stat().st_mtime_ns for path in (house.folder / "plans").rglob("*")}
    for words in (("--check",), ("--check", "--no-cache")):
        differs = house.run(*words)
        assert differs.returncode == 1
        assert "second" in differs.stderr
    assert {path: path.stat().st_mtime_ns for path in (house.folder / "plans").rglob("*")} == before
    assert plan.read_text() == "changed\n"


def test_warnings_are_said_again_without_compiling(house: House) -> None:
    for name in LOADS:
        text = LOAD.format(name=name, engine="clickhouse", sink="ch").replace(
            f"src, table: public.{name}", "demo_source, table: public.orders"
        )
        (house.folder / f"{name}.yaml").write_text(text)
    words = ("--catalog", str(EXAMPLES / "catalog"), "--format", "json")
    first, again = house.run(*words), house.run(*words)
    assert (first.returncode, first.stdout) == (0, again.stdout)
    assert "current in" in again.stderr


def test_an_unknown_dependency_is_told_each_time(house: House) -> None:
    house.manifest("second", "depends_on: [nobody]\n")
    for _ in range(2):
        assert "nobody" in house.run().stderr
