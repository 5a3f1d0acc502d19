"""dponec verify: what it prints for people, for a review and for machines, without an engine."""

from __future__ import annotations

import json
from pathlib import Path

from dpone_compiler.cli.verify_text import as_markdown, as_text
from dpone_compiler.verify.case import Case, Step, decode, encode
from dpone_compiler.verify.matrix import CELLS, Cell, Failure, Verdict, document
from dpone_compiler.verify.play import Difference
from dpone_compiler.verify.shrink import shrink
from tests.cli.commands import dponec

BROKEN = Verdict(
    load="orders",
    strategy="incremental_merge",
    policy="delete_insert",
    engines="Postgres 18.6 into Postgres 18.6",
    cells=(
        Cell(name="atomicity", claim="all or nothing", evidence=("3 crashes",)),
        Cell(name="replay", claim="exactly once"),
    ),
    failure=Failure(
        difference=Difference(load=2, what="the target does not hold what the strategy means", missing=({"id": 1},)),
        case=Case(steps=(Step(put={}), Step(put={7: {"id": "1", "at": "@2+0"}}, gone=(3,), until=2))),
        point="insert-staged, the answer was lost",
    ),
    seconds=1.6,
    counts={"loads": 4, "crashes": 3},
)
TRANSCRIPT = """\
orders: incremental_merge by delete_insert, Postgres 18.6 into Postgres 18.6: NOT what it means (4 loads, 3 crashes, 2 s)
  ✓ atomicity: all or nothing
      3 crashes
  · replay: exactly once
      not tried: it stopped before
  load 2: the target does not hold what the strategy means
  with a crash at: insert-staged, the answer was lost
    missing: id=1
  the smallest case found (@2+1 is tick 1 of load 2 in the cursor):
    load 1:
    load 2 of the window that ends at @2+2:
      row 7: {"id": "1", "at": "@2+0"}
      row 3 is deleted
"""


def test_a_broken_promise_for_people() -> None:
    assert as_text(BROKEN) == TRANSCRIPT
    assert "| replay | · | exactly once | not tried: it stopped before |" in as_markdown(BROKEN)


def test_a_broken_promise_for_machines() -> None:
    told = json.loads(json.dumps(document(BROKEN)))
    assert not told["verified"]
    assert told["failure"]["missing"] == [{"id": "1"}]
    assert decode(told["failure"]["case"]) == BROKEN.failure.case  # type: ignore[union-attr]


def test_no_evidence_is_no_tick() -> None:
    cells = tuple(Cell(name=name, claim="", evidence=("seen",)) for name in CELLS)
    assert Verdict(load="a", strategy="", policy="", engines="", cells=cells).verified
    assert not Verdict(
        load="a", strategy="", policy="", engines="", cells=(*cells[1:], Cell(name="x", claim=""))
    ).verified
    assert not Verdict(load="a", strategy="", policy="", engines="").verified


def test_what_is_no_bundle(tmp_path: Path) -> None:
    done = dponec("verify", tmp_path)
    assert done.exit_code == 1
    assert "DP702" in done.stderr


def test_a_case_shrinks_to_what_it_needs() -> None:
    def row(note: str, at: str) -> dict[str, str | None]:
        return {"note": note, "at": at}

    steps = (
        Step(put={number: row("b", f"@1+{number % 4}") for number in range(6)}),
        Step(put={9: row("b", "@2+0")}, until=2),
        Step(put={9: row("c", "@3+1"), 10: row("b", "@3+1")}, gone=(1,)),
    )
    small = shrink(
        Case(steps=steps),
        lambda case: any(cells["note"] == "c" for step in case.steps for cells in step.put.values()),
        {"note": ("a", "b", "c")},
    )
    assert encode(small) == [{"put": {"9": {"note": "c", "at": "@1+1"}}, "gone": []}]
