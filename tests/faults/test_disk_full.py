"""A full disk where a run works, and under the engine: a code and the next command, nothing half written, and then it goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dpone_compiler.embedded.postgres import EmbeddedPostgres, start_postgres
from tests.faults.cases import PG_MERGE
from tests.faults.conftest import new_postgres_lab
from tests.faults.disks import small_disk
from tests.faults.lab import Lab
from tests.faults.scripts import begun, start
from tests.faults.zygote import Zygote

SMALL, ROOM = "64k", "64m"


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small file system of its own, which every user may write to."""
    folder = Path(tempfile.mkdtemp(prefix="dponec-disk-"))
    try:
        with small_disk(folder, f"size={SMALL},mode=777"):
            yield folder
    finally:
        folder.rmdir()


def _resize(disk: Path, size: str) -> None:
    subprocess.run(("mount", "-o", f"remount,size={size}", disk), check=True)


def _fill(disk: Path) -> Path:
    """Take all the space there is."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return filler


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A server of its own: it will have a table space that goes."""
    with start_postgres() as engine:
        yield engine


def test_the_disk_of_the_target(server: EmbeddedPostgres, disk: Path, zygote: Zygote, tmp_path: Path) -> None:
    """First where staging goes, then where the target itself is, in the finalizer's transaction."""
    lab = new_postgres_lab(PG_MERGE, zygote, tmp_path, server, rows=100, note_size=1500)
    lab.ready()
    space = disk / "space"
    space.mkdir()
    shutil.chown(space, os.stat(server.data_dir).st_uid)
    name = lab.target.url.rpartition("/")[2]
    lab.target.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
    lab.target.execute(f"ALTER DATABASE {name} SET default_tablespace = small")
    lab.change()
    _stops(lab, disk)
    lab.target.execute(f"ALTER DATABASE {name} RESET default_tablespace; ALTER TABLE dwh.orders SET TABLESPACE small")
    _resize(disk, f"{_used(disk) + 16}k")
    lab.change()
    _stops(lab, disk)
    lab.target.execute("ALTER TABLE dwh.orders SET TABLESPACE pg_default")
    lab.target.execute("DROP TABLESPACE small")


def _used(disk: Path) -> int:
    """Kilobytes."""
    found = os.statvfs(disk)
    return (found.f_blocks - found.f_bfree) * found.f_frsize // 1024


def _stops(lab: Lab, disk: Path) -> None:
    """A run ends with the engine's refusal and leaves the target as it was; with more room the next one ends well."""
    before = lab.target.rows()
    ended = lab.run()
    assert (ended.outcome["code"], ended.code in (4, 5)) == ("DP425", True), str(ended)
    assert ended.outcome["next"] == f"dponec run {lab.bundle}"
    assert lab.target.rows() == before
    script = start(lab, lab.machine("script"))
    told = script.communicate(timeout=60)[1]
    assert script.returncode in (4, 5), told
    assert "DP425" in told, told
    assert f"next: {lab.bundle / 'run.sh'}" in told
    assert lab.target.rows() == before
    _resize(disk, ROOM)
    lab.done()
    lab.check()


@pytest.mark.parametrize("unit", ["", "open-attempt", "prove", "finalize"])
def test_the_disk_that_the_script_works_on(
    pg_wheel: EmbeddedPostgres, disk: Path, zygote: Zygote, tmp_path: Path, unit: str
) -> None:
    """'': full from the start. psql writes its answers there, and a check whose answer was lost must not pass."""
    lab = new_postgres_lab(PG_MERGE, zygote, tmp_path, pg_wheel, lease=2)
    lab.ready()
    lab.change()
    home, before = lab.machine("script"), lab.target.rows()
    filler = None if unit else _fill(disk)
    script = start(lab, home, {"TMPDIR": str(disk)})
    while unit and unit not in begun(home):
        assert script.poll() is None, f"it ended before {unit}"
        time.sleep(0.001)
    filler = filler or _fill(disk)
    told = script.communicate(timeout=60)[1]
    if unit in ("prove", "finalize") and script.returncode == 0:
        lab.check()  # a file that was there is written again in its own place, and nothing was lost
        return
    assert script.returncode in ((4, 5) if unit else (4,)), told
    assert "DP425" in told and "no space is left" in told, told
    assert f"next: {lab.bundle / 'run.sh'}" in told
    if unit != "finalize":
        assert lab.target.rows() == before
    filler.unlink()
    deadline = time.monotonic() + 20
    while (again := start(lab, home, {"TMPDIR": str(disk)})).wait(60):
        assert again.returncode == 4 and time.monotonic() < deadline
        time.sleep(0.2)
    lab.check()
    assert not list(disk.iterdir()), "work files are left"
