"""A target that is not there yet, as the sink's engine would make it for one load."""

from __future__ import annotations

from dpone_compiler.ir.schema import TableStructure
from dpone_compiler.source.value import value

# never: a target that is missing refuses the run. if_missing: the plan makes it, and never touches one that is there.
CREATE_WORDS = ("never", "if_missing")


@value
class Design:
    """One choice of a new table for people: which part, how it is made, and why."""

    part: str
    how: str
    why: str


@value(kw_only=True)
class NewTarget:
    """The table to make. `structure`: as introspection would show it afterwards. `refused`: '' or why it cannot be made here."""

    structure: TableStructure | None
    design: tuple[Design, ...] = ()
    refused: str = ""
