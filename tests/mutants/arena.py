"""Where mutants fight: shared engines, a fresh database for each test, and the verdict with the killer's name."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from dpone_compiler.embedded.clickhouse_http import start_chdb
from dpone_compiler.embedded.engine import Engine
from dpone_compiler.embedded.postgres import start_postgres
from tests.engine_fixtures import FreshDatabase, _fresh, _run_postgres, run_clickhouse
from tests.engines.loads.world import World
from tests.mutants.battery import Case
from tests.mutants.mutant import StaleError


class Breaks(Protocol):
    """What breaks a bundle on disk; False when it is about another load."""

    def apply(self, bundle: Path) -> bool: ...


class _Nothing:
    def apply(self, bundle: Path) -> bool:
        return False


@dataclass
class _Mutated(World):
    """A world whose compiler writes one thing wrong."""

    mutant: Breaks = field(default_factory=_Nothing)
    applied: bool = False
    stale: str = ""

    def load(self, mode: str, **given: Any) -> World:
        super().load(mode, **given)
        try:
            self.applied = self.mutant.apply(self.bundle) or self.applied
        except StaleError as error:  # a test may compile several loads, and not each has the statement
            self.stale = str(error)
        return self


@dataclass(frozen=True, slots=True)
class Verdict:
    """`killer` '': nothing saw it. `met`: how many tests ran the broken SQL and passed all the same.

    `stale`: why it was not applied where its step was met.
    """

    killer: str = ""
    saw: str = ""
    met: int = 0
    stale: str = ""


class Arena:
    """`engines`: by sink name, what makes fresh databases until the context is left."""

    def __init__(self, engines: dict[str, Callable[[], contextlib.AbstractContextManager[FreshDatabase]]]) -> None:
        self._engines = engines
        self._sound: dict[str, bool] = {}

    def verdict(self, mutant: Breaks, candidates: Iterable[Case]) -> Verdict:
        """Try one test after another until one fails that passes without the mutant."""
        met, stale = 0, ""
        for case in candidates:
            world, saw = self._try(mutant, case)
            if world.applied and saw and self._is_sound(case):
                return Verdict(case.id, saw, met)
            met, stale = met + world.applied, stale or world.stale
        return Verdict(met=met, stale=stale)

    def _is_sound(self, case: Case) -> bool:
        if case.id not in self._sound:
            self._sound[case.id] = not self._try(_Nothing(), case)[1]
        return self._sound[case.id]

    def _try(self, mutant: Breaks, case: Case) -> tuple[_Mutated, str]:
        """The world after the test, and what the test says: '' when it passes."""
        folder = Path(tempfile.mkdtemp(prefix="dponec-mutant-"))
        with self._engines["pg18"]() as sources, self._engines[case.sink.name]() as targets:
            world = _Mutated(
                sink=case.sink, source_url=sources(), target_url=targets(), folder=folder, mutant=mutant
            )  # fmt: skip
            try:
                case.call(world)
                said = ""
            except pytest.skip.Exception:
                said = ""
            except (Exception, pytest.fail.Exception) as error:
                said = _short(error)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        return world, said


def _short(error: BaseException) -> str:
    """How the test failed, in a line: a run's outcome, or the rows that differ."""
    text = str(error)
    if outcome := re.search(r"exit_code=(\d+).*?code='(\w*)', message=(['\"])(.*?)\3", text):
        code, message = outcome[2] or f"exit code {outcome[1]}", outcome[4] or "done as if all were well"
        return f"{code} {message}"[:140]
    return f"{type(error).__name__}: {' '.join(text.split()) or 'not as the model says'}"[:140]


@contextlib.contextmanager
def own_engines() -> Iterator[Arena]:
    """An arena with engines of its own, for a run outside of pytest."""
    with start_postgres() as postgres, start_chdb() as clickhouse:
        yield Arena({"pg18": databases(postgres), "chdb": databases(clickhouse)})


def databases(engine: Engine) -> Callable[[], contextlib.AbstractContextManager[FreshDatabase]]:
    """Fresh databases of an engine, dropped at the end: what a broken run leaves must not stand in the next one's way."""
    run = _run_postgres if engine.name == "postgres" else run_clickhouse
    return lambda: contextlib.contextmanager(_fresh)(engine, run)
