"""Where a run of a bundle can be killed: for each step, before it, in its statements, at its commit, before its journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.faults.lab import Lab
from tests.faults.trap import marker

_SOME_BYTES = 700  # of a stream, so that the server has part of the rows


@dataclass(frozen=True, slots=True)
class Point:
    """`side` '': the runtime's own hook named `hook`; otherwise the markers of a statement on that side."""

    name: str
    hook: str = ""
    side: str = ""
    markers: tuple[bytes, ...] = ()
    extra: int = 0
    answered: bool = False

    def kill(self, lab: Lab) -> str:
        """Kill a run there; where it landed, '' when the run never came by."""
        if self.hook:
            return lab.kill_at(self.hook)
        landed = lab.kill_in(self.side, *self.markers, extra=self.extra, answered=self.answered)
        return self.name if landed else ""


def steps_of(lab: Lab) -> list[dict[str, Any]]:
    """The steps of the bundle's plan."""
    plan = json.loads((lab.bundle / "plan.json").read_text(encoding="utf-8"))
    return list(plan["steps"])


def points_of(lab: Lab, step_id: str) -> list[Point]:
    """Every point of one step."""
    steps = steps_of(lab)
    step = next(each for each in steps if each["id"] == step_id)
    points = [_hook(f"before:{step_id}"), *_inside(lab, step)]
    if step["op"] == "foreach":
        points.append(_hook(f"inside:{step_id}:rows=1"))
    alone = not step.get("transaction")
    points.append(_hook(f"after-commit:{step_id}" if alone else f"before-journal:{step_id}"))
    for kind in ("transaction", "snapshot"):
        name = step.get(kind)
        if name and [each["id"] for each in steps if each.get(kind) == name][-1] == step_id:
            points += [_hook(f"before-commit:{name}"), _hook(f"after-commit:{name}")]
            if kind == "transaction":
                points.append(_commit(marker(step_id, "load" if step["op"] == "transfer" else ""), name))
    return points


def _hook(point: str) -> Point:
    return Point(name=point, hook=point)


def _commit(last: bytes, group: str) -> Point:
    """The server has committed, and nobody was told."""
    return Point(name=f"inside the COMMIT of {group}", side="target", markers=(last, b"COMMIT"), answered=True)


def _inside(lab: Lab, step: dict[str, Any]) -> Iterator[Point]:
    step_id, clickhouse = step["id"], lab.case.target == "clickhouse"
    if step["op"] == "transfer":
        load = marker(step_id, "load", url=clickhouse)
        yield Point(f"inside:{step_id} with part of the rows sent", side="target", markers=(load,), extra=_SOME_BYTES)
        yield Point(f"inside:{step_id} with the source under way", side="source", markers=(marker(step_id, "extract"),))
    elif step["op"] == "foreach":
        for part in ("query", "body"):
            yield Point(f"inside:{step_id} ({part})", side="target", markers=(marker(step_id, part),))
    elif step["file"]:
        side = "target" if step["side"] == "target" else "source"  # where the lease is kept, if it is
        yield Point(f"inside:{step_id} with the statement under way", side=side, markers=(marker(step_id),))
        if clickhouse and step_id == "commit-state":
            yield Point("inside the state commit, written and not answered", side=side, markers=(marker(step_id),),
                        answered=True)  # fmt: skip
