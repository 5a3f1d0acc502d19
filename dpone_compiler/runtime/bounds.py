"""Bounds that a person gives: a wall clock has no time zone, and engines drop the one that a text has without a word."""

from __future__ import annotations

import re

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.outcome import USAGE, RefusedError

_ZONED = re.compile(r"(:[0-9.]+|[T ][0-9]{2})\s*([zZ]|[+-][0-9:]+)\s*\Z|[zZ]\s*\Z")
_DAY = re.compile(r"\s*[0-9]{4,}-[0-9]{2}-[0-9]{2}\s*\Z|-infinity\Z")


def check_bounds(doc: PlanDoc, *texts: str) -> None:
    """Raise DP445 for a text that the plan's cursor would read in another zone than it says. '' is no bound."""
    kind = cursor_kind(doc)
    for text in texts:
        if text and kind == "timestamp" and _ZONED.search(text):
            message = f"{text!r} has a time zone, and the cursor is a wall clock without one: say what that clock shows"
            raise RefusedError("DP445", message, exit_code=USAGE)
        if text and kind == "date" and not _DAY.match(text):
            raise RefusedError("DP445", f"{text!r} is no day, and the cursor is a date", exit_code=USAGE)


def cursor_kind(doc: PlanDoc) -> str:
    """`timestamp` of a wall clock, `date`, or '' for an instant or a number."""
    kind = next((param.type for param in doc.params if param.name == "window_high"), "")
    return kind if kind in ("timestamp", "date") else ""
