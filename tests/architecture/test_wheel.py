"""The wheel holds the grammars, the templates and every other file that is no code, and compiles wherever it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.architecture.modules import PACKAGE, ROOT

MANIFEST = """name: orders
source: {type: postgres, connection_id: src, table: public.orders, options: {columns: [{name: id, type: bigint}]}}
sink: {type: postgres, connection_id: dst, table: dwh.orders, strategy: {mode: full_refresh}}
"""
# Where the installed package is and what it finds as plug-ins, told by itself.
WHERE = "import dpone_compiler, dpone_compiler.registry as r; print(dpone_compiler.__file__, *r.backend_names())"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    subprocess.run((*pip, "--wheel-dir", folder, ROOT), check=True, stdin=subprocess.DEVNULL)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_holds_what_the_compiler_reads(wheel: Path) -> None:
    held = set(ZipFile(wheel).namelist())
    wanted = {
        f"{PACKAGE}/{inner}/{file.relative_to(ROOT / folder).as_posix()}"
        for folder, inner in (("grammar", "_grammar"), ("templates", "_templates"))
        for file in (ROOT / folder).rglob("*")
        if file.is_file()
    }
    wanted |= {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / PACKAGE).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert sorted(wanted - held) == []
    assert not [name for name in held if name.startswith(("tests/", "examples/"))]


def test_the_installed_wheel_compiles_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "elsewhere"
    folder.mkdir()
    pip = (
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-compile",
        "--target",
        site,
    )
    subprocess.run((*pip, wheel), check=True, stdin=subprocess.DEVNULL)
    (folder / "load.yaml").write_text(MANIFEST)
    (folder / "load.dpone").write_text(
        "load twin { from postgres.demo public.orders into clickhouse.demo_ch dwh.orders strategy full_refresh }\n"
    )
    # `-S`: no editable checkout on the path, only the wheel and the libraries beside this interpreter.
    search = os.pathsep.join((str(site), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    environ = {**os.environ, "PYTHONPATH": search, "DPONEC_CACHE_DIR": str(tmp_path / "cache")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-S", *words]
        return subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, check=False)

    told = run("-c", WHERE)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(str(site))
    assert {"clickhouse", "postgres"} <= set(told.stdout.split()[1:])
    done = run("-m", f"{PACKAGE}.cli.main", "compile", "load.yaml", "-o", "plans")
    assert done.returncode == 0, done.stderr
    assert "1 bundle, 1 compiled" in done.stdout
    assert (folder / "plans" / "orders" / "run.sh").stat().st_mode & 0o100
    checked = run("-m", f"{PACKAGE}.cli.main", "check", "load.dpone")
    assert "is not known" not in checked.stderr and "Traceback" not in checked.stderr
    (script,) = (site / "bin").glob("dponec")
    assert script.read_text().startswith("#!")
