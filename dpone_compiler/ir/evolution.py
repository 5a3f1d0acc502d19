"""Columns that a load projects and the target of the snapshot lacks: what is added to the table, and nothing else is changed in it."""

from __future__ import annotations

from dpone_compiler.ir.schema import Column
from dpone_compiler.source.value import value

# none: a column that the target lacks refuses the compile. additive: the plan adds it, nullable, and does nothing else to the table.
EVOLUTION_WORDS = ("none", "additive")


@value(kw_only=True)
class AddedColumns:
    """What the target lacks. `columns`: as introspection will show them afterwards, in the order of the load; () it lacks none.

    `refused`: '' or why they cannot be added.
    """

    columns: tuple[Column, ...] = ()
    refused: str = ""
