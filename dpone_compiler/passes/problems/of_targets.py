"""Problems of a target that the plan makes or changes."""

from __future__ import annotations

from typing import ClassVar

from dpone_compiler.diagnostics.problem import Problem, Severity


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


class ColumnsNotAdded(Problem):
    """`schema_evolution: additive` asks for columns that the target lacks, and they cannot be added for this load.

    A plan adds a column only where nothing else has to change: it holds NULL, rows that are there keep their meaning, and nothing
    looks like a column that was renamed. A key, a partition, a cursor, a type that changed: what that does to rows that are there
    the people who own the table decide.

    What to do: change the table yourself (`dponec types SOURCE SINK` proposes column types), run `dponec introspect` and compile
    again; or list what is loaded under `source.columns`.
    """

    code: ClassVar[str] = "DP215"
    template: ClassVar[str] = "the target {table} lacks {columns}, and the plan cannot add that: {reason}"
    advice: ClassVar[str] = (
        "change the table yourself and introspect it, or list the wanted columns under source.columns"
    )
    table: str
    columns: str
    reason: str


class TargetColumnLeft(Problem):
    """Nothing fills a column of the target any more, although every column of the source is loaded.

    `schema_evolution: additive` drops no column: what is in it stays, and new rows hold its default, or NULL. Where the source has
    renamed the column, its new name is refused as DP215. List the columns under `source.columns` to say that it is meant.
    """

    code: ClassVar[str] = "DP216"
    severity: ClassVar[Severity] = Severity.WARNING
    template: ClassVar[str] = (
        "no column of the source fills {column!r} of the target {table}; new rows hold its default, or NULL"
    )
    table: str
    column: str
