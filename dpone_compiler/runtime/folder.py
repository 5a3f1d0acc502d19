"""Run the bundles of a folder in `depends_on` order, several at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from dpone_compiler.runtime.bundle import load_bundle
from dpone_compiler.runtime.outcome import (
    BUG,
    REFUSED,
    SIGNALLED,
    STOPPED,
    TRANSIENT,
    RefusedError,
    RunOutcome,
    command,
    refused,
)

_WORST_FIRST = (BUG, STOPPED, REFUSED, TRANSIENT)


def ordered(folders: tuple[Path, ...]) -> dict[str, tuple[Path, tuple[str, ...]]]:
    """Load name -> (folder, loads of this folder that it waits for). Raises RefusedError on a cycle or a doubled name."""
    loads: dict[str, tuple[Path, tuple[str, ...]]] = {}
    for folder in folders:
        doc = load_bundle(folder).doc
        if doc.name in loads:
            raise RefusedError("DP427", f"{folder} and {loads[doc.name][0]} are both of load {doc.name!r}")
        loads[doc.name] = (folder, doc.depends_on)
    known = {name: (folder, tuple(n for n in needs if n in loads)) for name, (folder, needs) in loads.items()}
    try:
        TopologicalSorter({name: needs for name, (_, needs) in known.items()}).prepare()
    except CycleError as error:
        raise RefusedError("DP427", f"depends_on goes in a circle: {' -> '.join(error.args[1])}") from None
    return known


def run_folder(
    loads: Mapping[str, tuple[Path, tuple[str, ...]]], run_one: Callable[[Path], RunOutcome], jobs: int
) -> list[RunOutcome]:
    """Run all; a load whose dependency did not end well is not started, and none is after a signal. In the order they ended."""
    sorter = TopologicalSorter({name: needs for name, (_, needs) in loads.items()})
    sorter.prepare()
    ended: dict[str, RunOutcome] = {}
    running: dict[Future[RunOutcome], str] = {}
    halted = threading.Event()

    def run(name: str, folder: Path) -> RunOutcome:
        if halted.is_set():
            return _interrupted(name, folder)
        outcome = run_one(folder)
        if outcome.exit_code > SIGNALLED:
            halted.set()
        return outcome

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        while sorter.is_active():
            for name in sorted(sorter.get_ready()):
                folder, needs = loads[name]
                failed = [ended[need] for need in needs if ended[need].exit_code != 0]
                if failed and not halted.is_set():
                    ended[name] = _not_started(name, folder, failed)
                    sorter.done(name)
                elif jobs == 1:  # in this thread: signals and the terminal belong to it
                    ended[name] = run(name, folder)
                    sorter.done(name)
                else:
                    running[pool.submit(run, name, folder)] = name
            for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                name = running.pop(future)
                ended[name] = future.result()
                sorter.done(name)
    return list(ended.values())


def worst(outcomes: list[RunOutcome]) -> int:
    """One exit code for many runs."""
    codes = {outcome.exit_code for outcome in outcomes} - {0}
    signalled = [code for code in codes if code > SIGNALLED]
    return next(iter(sorted(signalled)), next((code for code in _WORST_FIRST if code in codes), max(codes, default=0)))


def _not_started(name: str, folder: Path, failed: list[RunOutcome]) -> RunOutcome:
    """What only waits for another try of its dependency may be tried again as well."""
    again = all(outcome.exit_code == TRANSIENT for outcome in failed)
    message = f"not started: {failed[0].load} did not end well"
    code = TRANSIENT if again else REFUSED
    error = RefusedError("DP427", message, exit_code=code, retryable=again, next=command("dponec", "run", str(folder)))
    return refused(error, load=name)


def _interrupted(name: str, folder: Path) -> RunOutcome:
    message, run = "not started: the command was interrupted", command("dponec", "run", str(folder))
    return refused(RefusedError("DP426", message, exit_code=TRANSIENT, retryable=True, next=run), load=name)
