"""What a table of ranges is made of, as far as an exchange of its partitions asks for it: scheme, indexes, and what stands against it."""

from __future__ import annotations

from dpone_compiler.source.value import value

CLUSTERED, NONCLUSTERED = "clustered", "nonclustered"
PRIMARY_KEY, UNIQUE = "primary key", "unique"


@value(kw_only=True)
class IndexFacts:
    """One index in the server's own words.

    `kind`: clustered | nonclustered | another word of the server. `constraint`: primary key | unique | '' for a plain index.
    `columns`: (key column, whether it descends), in order. `partitioned_by`: the data space, with its column where it is a scheme.
    `options`: what makes it more than its columns: filtered, disabled, ignore_dup_key.
    """

    name: str
    kind: str
    constraint: str = ""
    unique: bool = False
    columns: tuple[tuple[str, bool], ...] = ()
    included: tuple[str, ...] = ()
    partitioned_by: str = ""
    options: tuple[str, ...] = ()


@value(kw_only=True)
class RangePartitioning:
    """How a table is cut into ranges of one column. Its bounds and filegroups are the statistics of its partitions.

    `boundary`: right | left, the partition that a bound itself belongs to.
    `checks`: names of CHECK constraints that hold for every row. `obstacles`: (kind, name) of what an exchange would lose or
    stumble over.
    """

    scheme: str
    function: str
    column: str
    boundary: str
    indexes: tuple[IndexFacts, ...] = ()
    checks: tuple[str, ...] = ()
    obstacles: tuple[tuple[str, str], ...] = ()

    @property
    def placed(self) -> str:
        """How the server says where the table lies; an index that lies there too is aligned."""
        return f"{self.scheme}({self.column})"
