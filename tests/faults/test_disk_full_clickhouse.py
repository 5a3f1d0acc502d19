"""The disk of a ClickHouse server is full in the middle of a load: a code and the next command; with room it goes on to the model."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.clickhouse_legacy import start_clickhouse_server
from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.postgres import EmbeddedPostgres
from tests.faults.cases import CH18_MERGE, CH_MERGE, Case
from tests.faults.conftest import new_clickhouse_lab
from tests.faults.disks import small_disk
from tests.faults.lab import Lab
from tests.faults.trap import marker
from tests.faults.zygote import Ended, Zygote

_ROOM = 512 << 20


@pytest.fixture
def disk() -> Iterator[Path]:
    """A file system of its own for the server's data."""
    folder = Path(tempfile.mkdtemp(prefix="dponec-clickhouse-disk-"))
    try:
        with small_disk(folder, f"size={_ROOM},mode=777"):
            yield folder
    finally:
        folder.rmdir()


def _fill(disk: Path, left: int) -> Path:
    """A file that leaves that many bytes."""
    filler = disk / "filler"
    free = int(subprocess.run(("df", "--output=avail", "-B1", disk), capture_output=True, check=True).stdout.split()[1])
    subprocess.run(("fallocate", "-l", str(free - left), filler), check=True)
    return filler


_CHDB = pytest.param((CH_MERGE, start_chdb), id="chdb", marks=pytest.mark.chdb)
_CH18 = pytest.param((CH18_MERGE, start_clickhouse_server), id="ch18", marks=pytest.mark.clickhouse_server)


@pytest.fixture(params=[_CHDB, _CH18])
def engine(request: pytest.FixtureRequest, disk: Path) -> Iterator[tuple[Case, Engine]]:
    """A server whose data lie on that disk, and the load into it."""
    case, start = request.param
    with start(data_dir=disk / "data") as engine:
        yield case, engine


@pytest.fixture
def lab(engine: tuple[Case, Engine], pg_wheel: EmbeddedPostgres, zygote: Zygote, tmp_path: Path) -> Lab:
    """The load into that server."""
    case, server = engine
    return new_clickhouse_lab(case, zygote, tmp_path, pg_wheel, server, rows=100, note_size=1500)


@pytest.mark.parametrize("left", [0, 200_000], ids=["nothing", "little"])
def test_the_disk_of_the_server(lab: Lab, engine: tuple[Case, Engine], disk: Path, left: int) -> None:
    """Full before the run, and full when its staging is being filled."""
    lab.ready()
    lab.change()
    before = lab.target.rows()
    filler = _fill(disk, left)
    _stopped(lab, lab.run(), "DP425")
    filler.unlink()
    assert lab.target.rows() == before
    lab.done()
    lab.check()
    lab.change()
    before = lab.target.rows()
    held = lab.held("target", marker("transfer-rows", "load", url=True), extra=700)
    filler = _fill(disk, left)
    # chDB 26.9 keeps silent about a block that it could not write at the end of a streamed insert; the count sees it.
    _stopped(lab, held.ends(), "DP425" if lab.case.legacy else "DP501")
    filler.unlink()
    assert lab.target.rows() == before
    _goes_on(lab, engine[1])


@pytest.mark.parametrize("engine", [_CH18], indirect=True)
def test_the_definition_of_a_table_that_the_disk_had_no_room_for(
    lab: Lab, engine: tuple[Case, Engine], disk: Path
) -> None:
    """18.16 leaves a file behind that stops every further CREATE of that name, until it starts again."""
    lab.ready()
    lab.change()
    before = lab.target.rows()
    assert lab.kill_at("before:create-rewrite")
    (rows,) = (name for name in lab.target.staging() if "_rows_" in name)
    left = f"{rows.replace('_rows_', '_rewrite_')}.sql.tmp"
    (disk / "data" / "path" / "metadata" / lab.target.url.rpartition("/")[2] / left).touch()
    ended = lab.run()
    _stopped(lab, ended, "DP425")
    assert "or restart the server" in ended.outcome["message"]
    assert lab.target.rows() == before
    _goes_on(lab, engine[1])


def _goes_on(lab: Lab, server: Engine) -> None:
    """With room again the load is finished; where the server needs its restart for it, after that."""
    ended = lab.run()
    if ended.code != 0:
        _stopped(lab, ended, "DP425")
        assert "or restart the server" in ended.outcome["message"]
        server.restart()
        lab.done()
    lab.check()


def _stopped(lab: Lab, ended: Ended, code: str) -> None:
    assert ended.outcome["code"] == code, str(ended)
    if code == "DP425":
        assert ended.code in (4, 5)
        assert ended.outcome["retryable"] is True
        assert ended.outcome["next"] == f"dponec run {lab.bundle}"
