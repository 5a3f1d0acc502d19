"""Problems of a target that the plan makes or changes."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem


class TargetNotMade(Problem):
    """`create_target: if_missing` asks for a table that cannot be made for this load.

    A table is made only where its engine can hold what is loaded, with a key, an order and partitions that the strategy works with.
    Everything else belongs to the people who own the database.

    What to do: make the table yourself (`dponec types SOURCE SINK` proposes column types), run `dponec introspect`, and leave
    `create_target` out; or change what the message names.
    """

    code: ClassVar[str] = "DP214"
    template: ClassVar[str] = "the missing target {table} cannot be made: {reason}"
    advice: ClassVar[str] = "make the table yourself and introspect it, or change what the message names"
    table: str
    reason: str
