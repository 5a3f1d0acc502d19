"""Run the bundles of a folder in `depends_on` order, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from dpone_compiler.runtime.bundle import load_bundle
from dpone_compiler.runtime.outcome import BUG, REFUSED, STOPPED, TRANSIENT, RefusedError, RunOutcome, command, refused

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
    """Run all; a load whose dependency did not end well is not started. Outcomes in the order they ended."""
    sorter = TopologicalSorter({name: needs for name, (_, needs) in loads.items()})
    sorter.prepare()
    ended: dict[str, RunOutcome] = {}
    running: dict[Future[RunOutcome], str] = {}
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        while sorter.is_active():
            for name in sorted(sorter.get_ready()):
                folder, needs = loads[name]
                failed = [need for need in needs if ended[need].exit_code != 0]
                if failed:
                    ended[name] = _not_started(name, folder, failed[0])
                    sorter.done(name)
                elif jobs == 1:  # in this thread: signals and the terminal belong to it
                    ended[name] = run_one(folder)
                    sorter.done(name)
                else:
                    running[pool.submit(run_one, folder)] = name
            for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                name = running.pop(future)
                ended[name] = future.result()
                sorter.done(name)
    return list(ended.values())


def worst(outcomes: list[RunOutcome]) -> int:
    """One exit code for many runs."""
    codes = {outcome.exit_code for outcome in outcomes} - {0}
    signalled = [code for code in codes if code > BUG + STOPPED]
    return next(iter(sorted(signalled)), next((code for code in _WORST_FIRST if code in codes), max(codes, default=0)))


def _not_started(name: str, folder: Path, need: str) -> RunOutcome:
    message = f"not started: {need} did not end well"
    return refused(RefusedError("DP427", message, next=command("dponec", "run", str(folder))), load=name)
