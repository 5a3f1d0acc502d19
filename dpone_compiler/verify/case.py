"""A case: what happens to the source from one load to the next. A failing one is kept as a JSON file and played again.

A cell is text as Postgres reads it, or None for NULL. A cell of the cursor is a tick `@load+offset`: the moment of that load, as
the source's own clock or sequence has it then, and an offset; so a case means the same on every day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from dpone_compiler.source.value import value

Cells = Mapping[str, str | None]
TICK = re.compile(r"@(\d+)\+(\d+)")
TICKS = 4
"""Offsets are below this: rows of one load are often tied."""


@value(kw_only=True)
class Step:
    """Before a load: rows that are written (by number: the same number is the same row) and rows that are deleted.

    `emptied`: the table is truncated before anything else. `until`: the load is given the window that ends at this tick of its
    own, exactly where rows may lie. `quiet`: no load follows; the next one finds these changes and those of the next step.
    `anew`: what is applied is forgotten, so the load copies the source as its first one did.
    """

    put: Mapping[int, Cells]
    gone: tuple[int, ...] = ()
    until: int | None = None
    emptied: bool = False
    quiet: bool = False
    anew: bool = False


@value(kw_only=True)
class Case:
    """Loads in order."""

    steps: tuple[Step, ...]

    @property
    def size(self) -> int:
        """Rows written and deleted, in all loads."""
        return sum(len(step.put) + len(step.gone) for step in self.steps)


def tick(load: int, offset: int) -> str:
    """A cell of the cursor."""
    return f"@{load}+{offset}"


def encode(case: Case) -> list[dict[str, Any]]:
    """JSON values of a case."""
    return [_load(step) for step in case.steps]


def _load(step: Step) -> dict[str, Any]:
    put = {str(number): dict(cells) for number, cells in step.put.items()}
    seldom = {"until": step.until, "emptied": step.emptied, "quiet": step.quiet, "anew": step.anew}
    return {"put": put, "gone": list(step.gone)} | {
        name: each for name, each in seldom.items() if each not in (None, False)
    }


def decode(loads: list[dict[str, Any]]) -> Case:
    """The case of JSON values."""
    return Case(
        steps=tuple(
            Step(
                put={int(number): cells for number, cells in load["put"].items()},
                gone=tuple(load["gone"]),
                until=load.get("until"),
                emptied=load.get("emptied", False),
                quiet=load.get("quiet", False),
                anew=load.get("anew", False),
            )
            for load in loads
        )
    )


def text_of(case: Case) -> str:
    """The case as a JSON text."""
    return json.dumps(encode(case), indent=1, ensure_ascii=False, sort_keys=True)
