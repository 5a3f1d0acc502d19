"""Bundles that run in processes of their own: a signal to the parent ends each of them, and starts none."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from dpone_compiler.cli import children
from dpone_compiler.cli.main import cli


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_every_child(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = "import pathlib, sys, time; pathlib.Path(sys.argv[2]).touch(); time.sleep(60)"
    monkeypatch.setattr(children, "_CHILD", slow)
    folders = [tmp_path / name for name in "ab"]
    with children.Children() as running, ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(running.run, folder, ()) for folder in folders]
        while not all(folder.exists() for folder in folders):
            time.sleep(0.01)
        os.kill(os.getpid(), number)
        assert [end.result(timeout=30).exit_code for end in ends] == [128 + number] * 2
        late = running.run(tmp_path / "c", ())
    assert (late.exit_code, late.retryable, (tmp_path / "c").exists()) == (128 + number, True, False)
    assert late.next == f"dponec run {tmp_path / 'c'}"


def test_afterwards_signals_mean_what_they_meant() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with children.Children():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_ctrl_c_is_130_in_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dpone_compiler.cli.explain.explain.callback", interrupted)
    done = CliRunner().invoke(cli, ["explain", "DP426"])
    assert (done.exit_code, "interrupted" in done.stderr) == (130, True)
