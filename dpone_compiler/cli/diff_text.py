"""A comparison of plans for people: text for a terminal, Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from dpone_compiler.artifacts.difference import Change, one_line
from dpone_compiler.artifacts.effects import same_effects
from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.source.value import value

ADDED, REMOVED, CHANGED, REWORDED, SAME = "added", "removed", "changed", "reworded", "same"


@value(kw_only=True)
class LoadDiff:
    """One load. `status`: added | removed | changed | reworded (the same effects in other text) | same."""

    name: str
    status: str
    changes: tuple[Change, ...] = ()


# What an executor acts on. One compiler words one meaning in one way, so where it differs here the meaning does.
_ACTED_ON = frozenset({"steps", "limits", "state", "parameters", "setup", "replay"})
_DIGITS = 12  # of a digest
_SAID = {
    ADDED: "a new plan",
    REMOVED: "no plan any more",
    CHANGED: "it does something else",
    REWORDED: "the same effects, told or written otherwise",
}


def status_of(old: PlanDoc, new: PlanDoc, changes: Sequence[Change]) -> str:
    """Of a load that has a plan on both sides. `effects` is believed as far as nothing beside it says otherwise."""
    if not changes:
        return SAME
    reworded = old.compiler != new.compiler or not any(change.area in _ACTED_ON for change in changes)
    return REWORDED if reworded and same_effects(old, new) else CHANGED


def render_text(loads: Sequence[LoadDiff]) -> str:
    """Load by load; those that are the same are counted."""
    lines = [line for load in loads if load.status != SAME for line in _load(load)]
    return "\n".join([*lines, summary(loads)]) + "\n"


def render_md(loads: Sequence[LoadDiff]) -> str:
    """The same with headings and fences."""
    lines = [line for load in loads if load.status != SAME for line in _load_md(load)]
    return "\n".join(["# Plans", "", summary(loads), *lines]) + "\n"


def summary(loads: Sequence[LoadDiff]) -> str:
    """`1 changed, 2 same`."""
    counts = [
        (status, sum(load.status == status for load in loads)) for status in (ADDED, REMOVED, CHANGED, REWORDED, SAME)
    ]
    return ", ".join(f"{count} {status}" for status, count in counts if count) or "no plans"


def _load(load: LoadDiff) -> Iterator[str]:
    yield f"{load.name}: {load.status}: {_SAID[load.status]}"
    for area, changes in groupby(load.changes, key=lambda change: change.area):
        yield f"  {area}"
        for change in changes:
            yield f"    {_head(change)}"
            yield from (f"      {line}" for line in change.lines[2:])


def _load_md(load: LoadDiff) -> Iterator[str]:
    yield from ("", f"## {_escaped(load.name)}: {load.status}", "", f"{_SAID[load.status]}.")
    for area, changes in groupby(load.changes, key=lambda change: change.area):
        yield from ("", f"### {area}", "")
        for change in changes:
            yield f"- {_escaped(_head(change))}"
            if change.lines:
                fence = "`" * max(3, 1 + max(len(run) for line in change.lines for run in _ticks(line)))
                yield from ("", f"  {fence}diff", *(f"  {line}" for line in change.lines[2:]), f"  {fence}", "")


def _head(change: Change) -> str:
    if change.lines and change.before and change.after:
        return f"{change.name}: other text"
    if change.lines or (change.area == "steps" and None in (change.before, change.after)):
        said = "added" if change.before is None else "removed"
        told = change.after if change.before is None else change.before
        return f"{change.name}: {said}{f': {told}' if isinstance(told, str) else ''}"
    digest = change.area == "inputs" or (change.area, change.name) == ("load", "effects")
    before, after = (one_line(said)[:_DIGITS] if digest else one_line(said) for said in (change.before, change.after))
    return f"{change.name}: {before} -> {after}"


def _ticks(line: str) -> list[str]:
    return ["", *("".join(run) for tick, run in groupby(line) if tick == "`")]


def _escaped(text: str) -> str:
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")
