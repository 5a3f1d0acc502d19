"""The same input gives the same bytes: whatever the locale, zone, hash seed, folder, umask, order of keys or Python."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.commands import FORMS, write_manifest
from tests.compiled_bundles import ROOT

OURS = f"{sys.version_info.major}.{sys.version_info.minor}"


def compiled(folder: Path, *, python: str = sys.executable, umask: int = 0o022, **environ: str) -> dict[str, bytes]:
    """Compile `examples` and `cases` in the folder, and read every bundle."""
    words = [python, "-m", "dpone_compiler.cli.main", "compile", "examples", "cases", "-o", "plans", "--no-cache"]
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    plans = folder / "plans"
    return {p.relative_to(plans).as_posix(): p.read_bytes() for p in sorted(plans.rglob("*")) if p.is_file()}


def inputs(folder: Path) -> Path:
    """A copy of the examples and the cases."""
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("plans"))
    shutil.copytree(ROOT / "tests" / "cases" / "loads", folder / "cases")
    return folder


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What this Python makes of them in a plain surrounding."""
    folder = inputs(tmp_path_factory.mktemp("reference") / "here")
    return compiled(folder, LC_ALL="C.UTF-8", TZ="UTC", PYTHONHASHSEED="0")


def changed(reference: dict[str, bytes], found: dict[str, bytes], *, but: str = "") -> list[str]:
    """Paths whose bytes differ."""
    names = sorted({*reference, *found})
    return [path for path in names if path.rpartition("/")[2] != but and reference.get(path) != found.get(path)]


@pytest.mark.parametrize(
    ("environ", "umask"),
    [
        ({"LC_ALL": "C", "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "1", "PYTHONUTF8": "0"}, 0o077),
        ({"LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns", "PYTHONHASHSEED": "4242", "COLUMNS": "40"}, 0o000),
    ],
    ids=["plain", "elsewhere"],
)
def test_the_surroundings_change_nothing(
    reference: dict[str, bytes], tmp_path: Path, environ: dict[str, str], umask: int
) -> None:
    folder = inputs(tmp_path / "an ünusual folder'; --" / "deep")
    assert changed(reference, compiled(folder, umask=umask, **environ)) == []
    for path in (folder / "plans").iterdir():
        assert path.stat().st_mode & 0o700 == 0o700
        assert os.access(path / "run.sh", os.X_OK)


def test_the_order_of_keys_changes_the_source_map_alone(reference: dict[str, bytes], tmp_path: Path) -> None:
    folder = inputs(tmp_path / "shuffled")
    shuffle = random.Random(7).shuffle

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            items = [(key, turned(item)) for key, item in value.items()]
            shuffle(items)
            return dict(items)
        return [turned(item) for item in value] if isinstance(value, list) else value

    for path in [*folder.rglob("*.yaml")]:
        path.write_text(
            yaml.safe_dump(turned(yaml.safe_load(path.read_text())), allow_unicode=True, sort_keys=False),
            encoding="utf-8",
        )
    assert changed(reference, compiled(folder), but="sourcemap.json") == []


def test_a_list_of_files_is_the_folder(reference: dict[str, bytes], tmp_path: Path) -> None:
    folder = inputs(tmp_path / "listed")
    files = sorted((f"{p.parent.name}/{p.name}" for p in folder.glob("*/*.yaml")), reverse=True)
    words = [sys.executable, "-m", "dpone_compiler.cli.main", "compile", *files, "-o", "plans", "--no-cache", "-j", "2"]
    subprocess.run(words, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    found = {
        p.relative_to(folder / "plans").as_posix(): p.read_bytes() for p in (folder / "plans").rglob("*") if p.is_file()
    }
    assert changed(reference, found) == []


def interpreter(version: str) -> str | None:
    """A python of that version: by its name on PATH, or one of pyenv's."""
    listed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for python in filter(None, [*map(str, listed), shutil.which(f"python{version}")]):
        ask = [python, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"]
        said = subprocess.run(ask, capture_output=True, text=True, check=False)
        if said.returncode == 0 and said.stdout.strip() == version:
            return python
    return None


def environment(version: str) -> str:
    """The python of an environment for that version, made once under build/ and kept while pyproject.toml is the same."""
    found = interpreter(version)
    if found is None:
        pytest.skip(f"no Python {version}: install it, for example with `pyenv install {version}`")
    folder = ROOT / "build" / f"venv-{version}"
    stamp, wanted = folder / "stamp", (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([found, "-m", "venv", str(folder)], check=True, capture_output=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--editable", str(ROOT)]
        subprocess.run(pip, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        stamp.write_text(wanted, encoding="utf-8")
    return str(folder / "bin" / "python")


@pytest.mark.xdist_group("pythons")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", [v for v in ("3.11", "3.12", "3.13") if v != OURS])
def test_every_python_writes_the_same_bytes(reference: dict[str, bytes], tmp_path: Path, version: str) -> None:
    python = environment(version)
    assert changed(reference, compiled(inputs(tmp_path / "here"), python=python)) == []


def test_three_front_ends_write_one_bundle(tmp_path: Path) -> None:
    found = {}
    for form in FORMS:
        folder = tmp_path / form
        folder.mkdir()
        write_manifest(folder, form, RICH)
        words = [sys.executable, "-m", "dpone_compiler.cli.main", "compile", f"orders.{form}", "--no-cache"]
        done = subprocess.run(
            words, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found[form] = {
            p.relative_to(folder / "plans").as_posix(): p.read_bytes()
            for p in (folder / "plans").rglob("*")
            if p.is_file()
        }
    for form in FORMS:
        assert changed(found["yaml"], found[form], but="sourcemap.json") == []
        assert len(found[form]) > 20


# The contract's orders example from Postgres into Postgres, with every clause that it shows.
RICH = {
    "yaml": """name: orders
source:
  type: postgres
  connection_id: demo_source
  table: {schema: public, name: orders}
  where: status <> 'draft'
  cursor: {column: updated_at, lag: 10 minutes}
  options: {estimated_rows: 50000000, changed_percent: 0.20, delete_percent: 0.05}
sink:
  type: postgres
  connection_id: demo_pg
  table: {schema: dwh, name: orders}
  staging: {schema: staging}
  strategy:
    mode: auto
    unique_key: [order_id]
    partition: {column: business_date, by: day}
""",
    "dpone": """load orders {
  from postgres.demo_source public.orders where status <> 'draft'
  into postgres.demo_pg dwh.orders staging staging
  key order_id   cursor updated_at lag 10 minutes   partition by day(business_date)
  hint rows 50_000_000 changed 20% deleted 5%
  strategy auto
}
""",
    "py": '''"""One load."""
from dpone_compiler.dsl import col, day, load, postgres

(load("orders").read(postgres("demo_source", "public.orders")).where(col("status") != "draft")
    .into(postgres("demo_pg", "dwh.orders"), staging="staging").key("order_id").cursor("updated_at", lag="10 minutes")
    .partition_by(day("business_date")).hint(rows=50_000_000, changed=0.20, deleted=0.05).auto())
''',
}
