"""Journal, faults, units, folder order and locks, each by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from dpone_compiler.artifacts.plan_doc import StepDoc
from dpone_compiler.runtime.connections.resolve import parse_url
from dpone_compiler.runtime.faults import faults_from
from dpone_compiler.runtime.folder import ordered, run_folder, worst
from dpone_compiler.runtime.history import list_runs
from dpone_compiler.runtime.journal import DiskJournal, read_journal
from dpone_compiler.runtime.lease import FileLock
from dpone_compiler.runtime.outcome import RefusedError, RunOutcome
from dpone_compiler.runtime.parameters import Parameters
from dpone_compiler.runtime.units import units_of
from tests.hand_bundle import write_hand_bundle


def test_a_torn_last_line_is_passed_over_and_ended(tmp_path: Path) -> None:
    journal = DiskJournal(tmp_path, "r1")
    journal.write("run_started", load="orders")
    journal.path.open("a").write('{"event": "step_do')
    again = DiskJournal(tmp_path, "r1")
    again.write("run_ended", status="done")
    assert [event["event"] for event in read_journal(tmp_path / "r1")] == ["run_started", "run_ended"]
    assert list_runs(tmp_path)[0]["status"] == "done"


def test_a_fault_needs_the_word_of_the_tests() -> None:
    with pytest.raises(RefusedError):
        faults_from({"DPONEC_FAULT": "before:x"})
    with pytest.raises(RefusedError):
        faults_from({"DPONEC_FAULT": "sometimes:x", "DPONEC_TESTING": "1"})
    faults_from({}).at("before", "x")


def _step(name: str, transaction: str = "", snapshot: str = "") -> StepDoc:
    return StepDoc(
        id=name,
        kind=name,
        op="sql",
        side="target",
        engine="postgres",
        connection="c",
        purpose="",
        why="",
        transaction=transaction,
        snapshot=snapshot,
    )


def test_overlapping_groups_are_one_unit() -> None:
    steps = [
        _step("a"),
        _step("b", "t"),
        _step("c", snapshot="s"),
        _step("d", "t", "s"),
        _step("e", snapshot="s"),
        _step("f"),
    ]
    assert [[step.id for step in unit.steps] for unit in units_of(steps)] == [["a"], ["b", "c", "d", "e"], ["f"]]


def test_set_knows_the_plans_parameters_only(tmp_path: Path) -> None:
    doc = write_hand_bundle(tmp_path)
    with pytest.raises(RefusedError, match="no such parameter"):
        Parameters(doc, {"run_id": "x"})
    assert Parameters(doc, {"source_rows": "3"}).get("source_rows") == "3"


def test_bundles_run_in_order_and_a_failure_stops_what_needs_it(tmp_path: Path) -> None:
    write_hand_bundle(tmp_path / "c", doc_name="c", doc_depends_on=("b",))
    write_hand_bundle(tmp_path / "b", doc_name="b", doc_depends_on=("a", "of_another_folder"))
    write_hand_bundle(tmp_path / "a", doc_name="a")
    loads = ordered(tuple(tmp_path / name for name in "cba"))
    for jobs in (1, 2):
        seen: list[str] = []

        def run(folder: Path, seen: list[str] = seen) -> RunOutcome:
            seen.append(folder.name)
            return RunOutcome(exit_code=4 if folder.name == "b" else 0, status="", load=folder.name)

        outcomes = run_folder(loads, run, jobs)
        assert seen == ["a", "b"]
        assert [(o.load, o.exit_code, o.retryable) for o in outcomes] == [
            ("a", 0, False),
            ("b", 4, False),
            ("c", 4, True),
        ]
        assert worst(outcomes) == 4
    write_hand_bundle(tmp_path / "a", doc_name="a", doc_depends_on=("c",))
    with pytest.raises(RefusedError, match="circle"):
        ordered(tuple(tmp_path / name for name in "cba"))


@pytest.mark.parametrize("code", [1, 5])
def test_what_waits_for_a_load_that_another_try_does_not_cure_is_refused(code: int, tmp_path: Path) -> None:
    write_hand_bundle(tmp_path / "b", doc_name="b", doc_depends_on=("a",))
    write_hand_bundle(tmp_path / "a", doc_name="a")
    loads = ordered((tmp_path / "a", tmp_path / "b"))
    outcomes = run_folder(loads, lambda folder: RunOutcome(exit_code=code, status="", load=folder.name), 1)
    assert [(o.load, o.exit_code, o.retryable) for o in outcomes] == [("a", code, False), ("b", 1, False)]
    assert worst(outcomes) == code


@pytest.mark.parametrize("jobs", [1, 2])
def test_after_a_signal_no_load_is_started(jobs: int, tmp_path: Path) -> None:
    names = "abcd"
    for name in names:
        write_hand_bundle(tmp_path / name, doc_name=name, doc_depends_on=("b",) if name == "d" else ())
    seen: list[str] = []

    def run(folder: Path) -> RunOutcome:
        seen.append(folder.name)
        return RunOutcome(exit_code=143, status="interrupted", load=folder.name)

    outcomes = run_folder(ordered(tuple(tmp_path / name for name in names)), run, jobs)
    assert 1 <= len(seen) <= jobs
    assert sorted(o.load for o in outcomes) == list(names)
    assert {(o.exit_code, o.code, o.retryable) for o in outcomes if o.load not in seen} == {(4, "DP426", True)}
    assert worst(outcomes) == 143


def test_one_lock_for_one_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    url = parse_url("ch", "clickhouse://user:pw@host:9000/db")
    first, other = FileLock(url, "db.orders"), FileLock(url, "db.customers")
    first.take()
    other.take()
    with pytest.raises(RefusedError) as caught:
        FileLock(parse_url("ch2", "clickhouse+http://host:8123/db"), "db.orders").take()
    assert (caught.value.code, caught.value.exit_code) == ("DP413", 4)
    first.release()
    FileLock(url, "db.orders").take()


def test_cron_and_a_login_shell_lock_each_other_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One has XDG_RUNTIME_DIR and the other has not."""
    url = parse_url("ch", "clickhouse://host:9000/db")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for first, then in ((str(tmp_path), ""), ("", str(tmp_path))):
        monkeypatch.setenv("XDG_RUNTIME_DIR", first)
        held = FileLock(url, "db.orders")
        held.take()
        monkeypatch.setenv("XDG_RUNTIME_DIR", then)
        with pytest.raises(RefusedError, match="on this host"):
            FileLock(url, "db.orders").take()
        held.release()


def test_two_servers_of_one_host_have_two_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    native, http = (parse_url("ch", f"clickhouse{way}/db") for way in ("://host:9000", "+http://host:8123"))
    held = FileLock(native, "db.orders", "host /one")
    held.take()
    FileLock(parse_url("ch", "clickhouse://host:9001/db"), "db.orders", "host /two").take()
    # The same server by another port, and another server behind the same address.
    for url, server in ((http, "host /one"), (native, "host /three")):
        with pytest.raises(RefusedError):
            FileLock(url, "db.orders", server).take()
    held.release()
    FileLock(http, "db.orders", "host /one").take()


def test_who_does_not_know_the_server_is_kept_out_by_who_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without the right to look, at the same address."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    url = parse_url("ch", "clickhouse://host:9000/db")
    for first, then in (("host /one", ""), ("", "host /one")):
        held = FileLock(url, "db.orders", first)
        held.take()
        with pytest.raises(RefusedError):
            FileLock(url, "db.orders", then).take()
        held.release()
