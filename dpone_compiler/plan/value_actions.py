"""The gate before anything is sent: values that the target cannot hold."""

from __future__ import annotations

from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.loss import Loss, Question, refused_losses
from dpone_compiler.plan.changes import technical
from dpone_compiler.plan.selection import Selection
from dpone_compiler.source.value import value


@value(kw_only=True)
class CheckValues:
    """Count the selection's values that no policy of their column has an answer for, in the snapshot of its extraction; any stops
    the run before a row is sent."""

    selection: Selection


def counted(selection: Selection) -> tuple[tuple[MovedColumn, Loss], ...]:
    """What stops the run, by column. A captured delete has NULL in all but its key, so among changes a NULL says nothing."""
    captured = any(technical(moved.target.name) for moved in selection.columns)
    return tuple(
        (moved, loss)
        for moved in selection.columns
        for loss in refused_losses(moved.losses, moved.lossy)
        if not (captured and loss.test is Question.NULL)
    )
