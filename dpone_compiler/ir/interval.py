"""The one interval object: the read predicate and the delete predicate are rendered from the same value."""

from __future__ import annotations

from dpone_compiler.expr.types import DataType
from dpone_compiler.source.value import value

LOW = "window_low"
HIGH = "window_high"
WATERMARK = "watermark"


@value(kw_only=True)
class Interval:
    """A half-open window `low <= column < high`, both ends being run parameters of the column's own type.

    `include_null` adds `OR column IS NULL` (the cursor policy always_read). A first run has low at the type's minimum,
    so that low is always a value and the predicate has one shape. `low` '': no lower end (what is loaded already).
    """

    column: str
    type: DataType
    include_null: bool = False
    low: str = LOW
    high: str = HIGH


@value(kw_only=True)
class PartitionSet:
    """The set of partitions of a run: `unit(column) = ANY(parameter)`. Read and delete are rendered from it alike."""

    column: str
    unit: str
    type: DataType
    parameter: str = "partitions"
    include_null: bool = False


@value(kw_only=True)
class Scope:
    """The rows that a `replace` answers for, by literals of the manifest: the read and the delete are rendered from it alike.

    `column` is the source's column, `type` its type. equality: `column = low`. range: `low <= column < high`, or `<= high`
    when `inclusive`; an end that is None is open. Literals are text that the type reads. slice: a range whose ends are the run
    parameters of these names.
    """

    column: str
    type: DataType
    kind: str  # equality | range | slice
    low: str | None = None
    high: str | None = None
    inclusive: bool = False

    @property
    def params(self) -> tuple[str, ...]:
        """The run parameters that it is told by."""
        return (self.low or "", self.high or "") if self.kind == "slice" else ()


def loaded_so_far(column: str, type_: DataType) -> Interval:
    """What an append has loaded: everything below the watermark. It only narrows a read; no state is committed from it."""
    return Interval(column=column, type=type_, low="", high=WATERMARK)
