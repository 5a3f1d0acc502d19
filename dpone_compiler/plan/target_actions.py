"""Actions that make the target before a load: they change no row, and come before anything is asked of the table."""

from __future__ import annotations

from dpone_compiler.ir.new_target import NewTarget
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.source.value import value


@value(kw_only=True)
class CheckNotLost:
    """Refuse where the table is missing and the state remembers what was loaded into it: a new one would lack those rows."""

    table: TableRef


@value(kw_only=True)
class CreateTarget:
    """Make the table as it was designed where there is none; one that is there stays as it is, whatever it looks like."""

    table: TableRef
    target: NewTarget


TargetAction = CheckNotLost | CreateTarget
