"""The demonstration as a user types it: equal contents exit 0, a target changed behind its back exits 1, nothing stays."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.postgres_wheel, pytest.mark.chdb, pytest.mark.xdist_group("demo")]

DEMO = (sys.executable, "-c", "from dpone_compiler.cli.main import main; main()", "demo")
LINE = re.compile(r"^ +(Postgres to \w+): rows in source: (\d+), rows in target: (\d+), content equal: (yes|no)$", re.M)


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files that any account may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="dponec-test-demo-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def demo(cwd: Path, temporary: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it; whatever the end, no temporary file stays."""
    environment = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run((*DEMO, *words), env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    assert list(temporary.iterdir()) == [], done.stderr
    return done


def test_all_contents_are_equal(tmp_path: Path, temporary: Path) -> None:
    done = demo(tmp_path, temporary, "--rows", "5000", "--keep", "kept")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    found = LINE.findall(done.stdout)
    routes = ("Postgres to Postgres", "Postgres to ClickHouse")
    assert [(name, verdict) for name, _, _, verdict in found] == [(route, "yes") for route in routes]
    assert all(source == target for _, source, target, _ in found)
    assert found[0][1] == "3799"
    assert done.stdout.count("rows in the target now: 3,750") == 2
    assert "25 were deleted" in done.stdout
    assert done.stdout.count("the same run, finished; phase done") == 2
    assert (tmp_path / "kept" / "plans" / "orders_days_pg_to_pg" / "plan.md").is_file()
    assert list((tmp_path / "kept" / "runs").iterdir())


@pytest.mark.parametrize("how", ["byte", "double", "remove"])
def test_a_target_changed_behind_its_back(tmp_path: Path, temporary: Path, how: str) -> None:
    done = demo(tmp_path, temporary, "--rows", "1000", "--tamper", how)
    assert done.returncode == 1, done.stdout + done.stderr
    assert [verdict for *_, verdict in LINE.findall(done.stdout)] == ["no", "no"]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(temporary: Path, sent: signal.Signals) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(DEMO, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if "full load" in line:
                break
        time.sleep(0.3)  # now a run is under way
        child.send_signal(sent)
        _, errors = child.communicate(timeout=60)
    assert child.returncode == 128 + sent, errors
    assert "Traceback" not in errors
    assert list(temporary.iterdir()) == []
    assert not [name for name in _command_lines() if str(temporary) in name]


def test_a_folder_that_is_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("", encoding="utf-8")
    done = subprocess.run((*DEMO, "--keep", str(tmp_path)), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is not empty" in done.stderr


def _command_lines() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return found
