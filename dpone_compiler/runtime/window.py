"""A window that a person gives: its bounds are read before anything is touched, and its end may not pass the horizon.

The horizon is what the plan's own freeze-window step answers: a value below which no writer can still commit. A watermark beyond it
would leave out, for ever and without a sign, the rows that come later; so a HIGH beyond it is refused and never cut in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from dpone_compiler.artifacts.plan_doc import PlanDoc
from dpone_compiler.runtime.bounds import check_bounds, cursor_kind
from dpone_compiler.runtime.outcome import USAGE, RefusedError, command
from dpone_compiler.runtime.parameters import Parameters

BEGINNING = "-infinity"
_NUMBER = re.compile(r"[+-]?[0-9]{1,19}")
_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([ T](?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])(:(?P<second>[0-5][0-9])(\.(?P<fraction>[0-9]{1,7}))?)?"
    r"(?P<zone>[zZ]|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?)?"
)
_MOST = 2**63
_DAY = 86400 * 10**7  # in 100 ns, the finest unit of a cursor
_LAST = date.max.toordinal()
_FORMS = {
    "timestamp": "a moment of a wall clock, as 2026-01-31 or 2026-01-31 13:45:00",
    "date": "a day, as 2026-01-31",
    "": "a number, or a moment as 2026-01-31 or 2026-01-31 13:45:00+00:00",
}


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound. `value`: a number as it is, else 100 ns since the first day of year 1 in UTC or on the cursor's own clock; None is
    the beginning. `text`: as the engines are given it, in the form that freeze-window answers with.
    """

    value: int | None
    text: str
    number: bool = False

    def after(self, other: Bound) -> bool:
        """Whether it lies behind the other one."""
        return self.value is not None and (other.value is None or self.value > other.value)


@dataclass(frozen=True, slots=True)
class Window:
    """[low, high), of one kind."""

    low: Bound
    high: Bound

    @property
    def texts(self) -> tuple[str, str]:
        """Both bounds as the engines are given them."""
        return self.low.text, self.high.text

    def take_place(self, doc: PlanDoc, parameters: Parameters, shown: str) -> None:
        """Put it in the place of the window that freeze-window has just given. Raises DP444, DP445, DP447: it would lose rows."""
        applied = parameters.get("watermark")
        if applied and any(step.kind == "check_changes" for step in doc.steps):
            self._check_around(read_bound(doc, applied), doc.name)
        self._check_end(read_bound(doc, parameters.get("window_high")), shown)
        parameters.put(window_low=self.low.text, window_high=self.high.text)

    def _check_around(self, applied: Bound, load: str) -> None:
        """Changes are applied in their order: none may be left out, and none may come after a later one."""
        if self.low.after(applied):
            message = f"the window begins at {self.low.text}, after the last applied change ({applied.text}): those between would be lost"
            raise RefusedError("DP444", message)
        if applied.after(self.high):
            message = (
                f"the window ends at {self.high.text}, before the last applied change ({applied.text}): of a key that has changed since, "
                "an older row would come back, and no later run would repair it"
            )
            raise RefusedError("DP444", message, next=command("dponec", "state", "rewind", load, self.low.text))

    def _check_end(self, horizon: Bound, shown: str) -> None:
        if horizon.number != self.high.number:
            kind = "a number" if horizon.number else "a moment"
            raise RefusedError("DP445", f"{self.high.text!r} is not {kind}, and the cursor is one", exit_code=USAGE)
        if self.high.after(horizon):
            message = (
                f"the window ends at {self.high.text}, beyond the horizon {horizon.text}: rows from there on may still be committed, and "
                "no later run would read them, because the watermark would have passed them"
            )
            until = ("--window", self.low.text, horizon.text) if horizon.after(self.low) else ()
            raise RefusedError("DP447", message, next=command("dponec", "run", shown, *until))


def given_window(doc: PlanDoc, window: tuple[str, str] | None) -> Window | None:
    """The window as it was given, None when it was not. Raises DP415 for a plan that takes none, DP445 for what is no bound."""
    if window is None:
        return None
    kinds = {step.kind for step in doc.steps}
    if "freeze_window" not in kinds:
        why = (
            "a backfill takes its own slices, so it loads no other window; run the load itself with --window"
            if "next_slice" in kinds
            else "every run of this plan reads the source whole, so it takes no --window"
        )
        raise RefusedError("DP415", why, exit_code=USAGE)
    low, high = (read_bound(doc, text) for text in window)
    wrong = ""
    if high.value is None:
        wrong = f"the window has to end somewhere: {BEGINNING} is for LOW alone"
    elif low.value is None and high.number:
        wrong = f"{BEGINNING} is no number; give the least one that LOW may be"
    elif low.value is not None and low.number != high.number:
        wrong = f"{window[0]!r} and {window[1]!r} are no bounds of one cursor"
    elif low.after(high):
        wrong = f"the window ends before it begins: {low.text} is after {high.text}"
    if wrong:
        raise RefusedError("DP445", wrong, exit_code=USAGE)
    return Window(low, high)


def same_window(doc: PlanDoc, one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether they are one window, however their bounds are written. What is no bound is compared as it stands."""
    try:
        pairs = [
            (read_bound(doc, here).text, read_bound(doc, there).text) for here, there in zip(one, other, strict=True)
        ]
    except RefusedError:
        return one == other
    return all(here == there for here, there in pairs)


def read_bound(doc: PlanDoc, text: str) -> Bound:
    """Raise DP445 for a text that is no value of the plan's cursor; words such as `now` mean something else tomorrow."""
    check_bounds(doc, text)
    kind, given = cursor_kind(doc), text.strip()
    if given == BEGINNING:
        return Bound(None, BEGINNING)
    if not kind and _NUMBER.fullmatch(given) and -_MOST <= int(given) < _MOST:
        return Bound(int(given), str(int(given)), number=True)
    found = _moment(given, kind)
    if found is None:
        raise RefusedError("DP445", f"{text!r} is no bound of this load's cursor: give {_FORMS[kind]}", exit_code=USAGE)
    return found


def _moment(given: str, kind: str) -> Bound | None:
    parts = _MOMENT.fullmatch(given)
    if parts is None or (kind == "date" and parts["hour"]) or (kind and parts["zone"]):
        return None
    try:
        day = date.fromisoformat(parts["day"])
    except ValueError:  # the 31st of a month that has 30 days
        return None
    clock = [int(parts[name] or 0) for name in ("hour", "minute", "second")]
    fraction = parts["fraction"] or ""
    ticks = ((clock[0] * 60 + clock[1]) * 60 + clock[2]) * 10**7 + int(fraction.ljust(7, "0"))
    return _written(day.toordinal() * _DAY + ticks - _offset(parts["zone"]), kind, max(6, len(fraction)))


def _offset(zone: str | None) -> int:
    if zone is None or zone in "zZ":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return int(f"{zone[0]}1") * (int(digits[:2]) * 60 + int(digits[2:])) * 60 * 10**7


def _written(value: int, kind: str, digits: int) -> Bound | None:
    """With six digits behind the second, or seven where they were given; an instant in UTC. None outside of years 1 to 9999."""
    number, ticks = divmod(value, _DAY)
    if not 1 <= number <= _LAST:
        return None
    text = date.fromordinal(number).isoformat()
    if kind != "date":
        seconds, fraction = divmod(ticks, 10**7)
        text += f" {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{f'{fraction:07d}'[:digits]}"
    return Bound(value, text if kind else f"{text}+00:00")
