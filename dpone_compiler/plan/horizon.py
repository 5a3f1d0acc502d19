"""What the end of a window is worth: why no row can come below it, and whose clock it is told by."""

from __future__ import annotations

from dpone_compiler.expr.types import Kind
from dpone_compiler.plan.actions import FreezeWindow


def ends_by(window: FreezeWindow) -> str:
    """What keeps later commits out of the window: lag | numbers (a lock waits for their writers) | open_transactions."""
    if window.lag is not None or not window.assigned_by_database:
        return "lag"
    type_ = window.interval.type
    # SQL Server's rowversion is a number that the server gives, and of which it tells the lowest that is open.
    return "numbers" if type_.kind is Kind.INT and type_.native != "rowversion" else "open_transactions"


def wall_clock(window: FreezeWindow) -> bool:
    """Whether the cursor's values say nothing of their time zone."""
    type_ = window.interval.type
    return type_.kind is Kind.DATE or (type_.kind is Kind.TIMESTAMP and not type_.tz)
