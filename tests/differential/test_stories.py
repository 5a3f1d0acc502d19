"""Hypothesis tells a load stories; after each load the target holds what the strategy means, or the run was refused as it must be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dpone_compiler.verify.case import Case, decode, encode
from dpone_compiler.verify.generate import Generator, Seeded
from dpone_compiler.verify.lab import Lab
from dpone_compiler.verify.play import Difference, play
from dpone_compiler.verify.shrink import shrink
from tests.differential.conftest import SOAK
from tests.differential.labs import make_lab
from tests.differential.shapes import CELLS, Shape
from tests.engine_fixtures import FreshDatabase
from tests.engines.loads.world import SINKS, World
from tests.told import TOLD

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
FAILED, SAVED = ROOT / "build" / "differential", ROOT / "tests" / "cases" / "differential"
_SOAK_TIMES = 100


class Drawn:
    """Hypothesis decides."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def pick(self, among: Sequence[T]) -> T:
        """One of them."""
        return self._data.draw(st.sampled_from(among))

    def some(self, among: Sequence[T], most: int) -> list[T]:
        """Different ones."""
        if not among or not most:
            return []
        return self._data.draw(st.lists(st.sampled_from(among), unique=True, max_size=most))


def cells() -> pytest.MarkDecorator:
    """Every cell, marked with the tier of its engine."""
    params = [
        pytest.param(shape, SINKS[sink], id=name, marks=getattr(pytest.mark, SINKS[sink].tier))
        for name, (shape, sink) in CELLS.items()
    ]
    return pytest.mark.parametrize(("shape", "sink"), params)


@pytest.fixture
def lab(shape: Shape, world: World, pg_wheel_db: FreshDatabase, request: pytest.FixtureRequest) -> Lab:
    """The lab of a cell; its databases go with the test."""
    made = make_lab(shape, world, pg_wheel_db, request.getfixturevalue(world.sink.fixture))
    request.addfinalizer(made.close)
    return made


@cells()
@pytest.mark.timeout(3600 if SOAK else 300)
def test_stories(lab: Lab, shape: Shape, request: pytest.FixtureRequest) -> None:
    told = {"stories": 0, "loads": 0, "rows": 0}
    generator, cell = Generator(lab.intent), request.node.callspec.id

    # A play takes a second, and Hypothesis shrinks for minutes: `shrink` knows what a story is made of, and is done sooner.
    most = shape.examples * (_SOAK_TIMES if SOAK else 1)

    @settings(settings.get_profile("differential"), max_examples=most, phases=(Phase.generate,))
    @given(st.data())
    def tell(data: st.DataObject) -> None:
        check(generator.story(Drawn(data)))

    def check(case: Case) -> None:
        told["stories"] += 1
        told["loads"] += len(case.steps)
        told["rows"] += case.size
        holds(lab, cell, case)

    try:
        for seed in range(2):  # Hypothesis begins with little; these are long
            check(generator.story(Seeded(seed), loads=5))
        tell()
    finally:
        numbers = ", ".join(f"{number} {name}" for name, number in told.items())
        request.node.user_properties.append((TOLD, f"{cell}: {numbers}"))


@pytest.mark.parametrize("saved", sorted(SAVED.glob("*.json")), ids=lambda path: path.stem)
def test_saved_cases(saved: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    kept = json.loads(saved.read_text(encoding="utf-8"))
    shape, name = CELLS[kept["cell"]]
    sink = SINKS[name]
    source, target = request.getfixturevalue("pg_wheel_db"), request.getfixturevalue(sink.fixture)
    made = make_lab(shape, World(sink, source(), target(), tmp_path), source, target)
    request.addfinalizer(made.close)
    holds(made, kept["cell"], decode(kept["loads"]))


def holds(lab: Lab, cell: str, case: Case) -> None:
    """The engines do what the model says; a case that shows otherwise is made small and kept."""
    if play(lab, case) is None:
        return
    small = shrink(case, lambda each: play(lab, each) is not None, Generator(lab.intent).palettes)
    found = play(lab, small) or Difference(load=0, what="it failed once, and not again")
    FAILED.mkdir(parents=True, exist_ok=True)
    kept = {"cell": cell, "why": found.what, "loads": encode(small)}
    text = json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True)
    (FAILED / f"{cell}.json").write_text(text + "\n", encoding="utf-8")
    pytest.fail(_told(found, cell), pytrace=False)


def _told(found: Difference, cell: str) -> str:
    lines = [f"load {found.load}: {found.what}", *(f"  missing: {dict(row)}" for row in found.missing)]
    lines += [f"  too many: {dict(row)}" for row in found.extra]
    return "\n".join((*lines, f"kept in build/differential/{cell}.json; to keep it for ever: tests/cases/differential"))
