"""What a state row speaks of: a watermark of one pair of tables says nothing of another pair, whatever the load is called."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.plan.step import Plan


def subject(load: Load, plan: Plan) -> dict[str, str]:
    """Column of the state row -> what it says: `target` always, `source` where runs go on from where the last one ended.

    The source is told with the column that orders its windows; captured changes of a slot are in commit order.
    """
    said = {"target": _quoted(load.write.endpoint.table)}
    if any(isinstance(step.action, FreezeWindow) for step in plan.steps):
        cursor = load.read.cursor
        order = _name(cursor.column) if cursor is not None else "commit"
        said["source"] = f"{_quoted(load.read.endpoint.table)} by {order}"
    return said


def pair_of(load: Load) -> str:
    """Source and target, for what is known of the pair whatever orders its rows."""
    return f"{_quoted(load.read.endpoint.table)} into {_quoted(load.write.endpoint.table)}"


def _quoted(table: TableRef) -> str:
    return f"{_name(table.schema)}.{_name(table.name)}"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
