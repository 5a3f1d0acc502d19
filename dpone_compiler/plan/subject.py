"""What a state row speaks of: a watermark of one pair of tables says nothing of another pair, whatever the load is called."""

from __future__ import annotations

from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.plan.step import Plan


def target_of(load: Load) -> str:
    """The target, as the state row keeps it: `"schema"."table"`."""
    return _quoted(load.write.endpoint.table)


def source_of(load: Load) -> str:
    """The source and the column that orders its windows; captured changes of a slot are in commit order."""
    cursor = load.read.cursor
    return f"{_quoted(load.read.endpoint.table)} by {_name(cursor.column) if cursor is not None else 'commit'}"


def pair_of(load: Load) -> str:
    """Source and target, for what is known of the pair whatever orders its rows."""
    return f"{_quoted(load.read.endpoint.table)} into {target_of(load)}"


def keeps_watermark(plan: Plan) -> bool:
    """Whether the plan's runs go on where the last one ended: only then does the source belong to the state."""
    return any(isinstance(step.action, FreezeWindow) for step in plan.steps)


def _quoted(table: TableRef) -> str:
    return f"{_name(table.schema)}.{_name(table.name)}"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
