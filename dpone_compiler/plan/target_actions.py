"""Actions on the tables of both ends before a load: they look, make the target, or add columns to it, and change no row."""

from __future__ import annotations

from dpone_compiler.ir.new_target import NewTarget
from dpone_compiler.ir.schema import Column, TableRef
from dpone_compiler.source.value import value


@value(kw_only=True)
class CheckTable:
    """Refuse on structural drift of one side: columns by name and type, key, partition scheme, engine.

    `may_lack`: columns that a later step adds; either all of them are there, as they will be, or none.
    """

    side: str  # source | target
    table: TableRef
    may_lack: tuple[str, ...] = ()


@value(kw_only=True)
class CheckNotLost:
    """Refuse where the table is missing and the state remembers what was loaded into it: a new one would lack those rows."""

    table: TableRef


@value(kw_only=True)
class CreateTarget:
    """Make the table as it was designed where there is none; one that is there stays as it is, whatever it looks like."""

    table: TableRef
    target: NewTarget


@value(kw_only=True)
class AddColumns:
    """Add the columns that the target lacks, all or none of them, each nullable; one that is there stays as it is."""

    table: TableRef
    columns: tuple[Column, ...]


TargetAction = CheckNotLost | CreateTarget
