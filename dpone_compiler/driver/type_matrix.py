"""The type matrix: every type of a source's catalog against every type of a sink's, as the backends themselves carry values."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler import registry
from dpone_compiler.ir.schema import Column
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Backend, Carry, NativeType
from dpone_compiler.spi.columns import proposed_type

EXACT, CHANGED, LOSSY, REFUSED = "exact", "exact, changed in form", "lossy", "refused"


@value(kw_only=True)
class Cell:
    """What arrives of one type in another one. `verdict`: one of the four words above; `why`: the values that do not survive, how
    the form changes, or why there is no way."""

    source: str
    target: str
    verdict: str
    why: str


@value(kw_only=True)
class Row:
    """One type of the source: what it holds, the column type for a new target with what arrives there, and all other cells."""

    source: NativeType
    proposed: Cell
    cells: tuple[Cell, ...]


@value(kw_only=True)
class Matrix:
    """One route. `note`: '' or why such a load is not compiled."""

    source: str
    sink: str
    note: str
    rows: tuple[Row, ...]


def type_matrix(source: str, sink: str) -> Matrix:
    """The matrix of a route. Raises registry.UnknownPlugin."""
    given, taken = registry.backend(source), registry.backend(sink)
    note = given.declared or taken.declared or given.capabilities(None).not_read
    rows = tuple(_row(given, taken, native) for native in given.natives)
    return Matrix(source=source, sink=sink, note=note, rows=rows)


def _row(source: Backend, sink: Backend, native: NativeType) -> Row:
    column = Column(name="c", type=source.parse_type(native.spelling), native=native.spelling)
    cells = tuple(_cell(source, sink, column, target.spelling) for target in sink.natives)
    proposed = _cell(source, sink, column, proposed_type(source, sink, column))
    return Row(source=native, proposed=proposed, cells=cells)


def _cell(source: Backend, sink: Backend, column: Column, native: str) -> Cell:
    target = Column(name="c", type=sink.parse_type(native), native=native)
    carry = sink.carry(column, target, source.name, None)
    verdict, why = _verdict(carry)
    return Cell(source=column.native, target=native, verdict=verdict, why=why)


def _verdict(carry: Carry) -> tuple[str, str]:
    if carry.refused:
        return REFUSED, carry.refused
    if carry.losses:
        return LOSSY, "; ".join(filter(None, (carry.loss, carry.changes)))
    return (CHANGED, carry.changes) if carry.changes else (EXACT, "")


def new_target(matrix: Matrix) -> Iterator[str]:
    """A table: the column type for a new target, and what arrives there."""
    if matrix.note:
        yield from (f"Not compiled: {matrix.note}.", "")
    yield from ("| source type | holds | new target | what arrives | |", "| --- | --- | --- | --- | --- |")
    for row in matrix.rows:
        cell = row.proposed
        yield _line(f"`{row.source.spelling}`", row.source.holds, f"`{cell.target}`", cell.verdict, cell.why)


def as_markdown(matrix: Matrix) -> Iterator[str]:
    """The same, and what arrives in each type that an existing target may have."""
    yield from new_target(matrix)
    yield from (
        "",
        "| source type | exact in | changed in form in | lossy in | refused |",
        "| --- | --- | --- | --- | --- |",
    )
    for row in matrix.rows:
        held = {verdict: [c for c in row.cells if c.verdict == verdict] for verdict in (EXACT, CHANGED, LOSSY, REFUSED)}
        refused = held.pop(REFUSED)
        named = [", ".join(f"`{cell.target}`{_why(cell)}" for cell in cells) for cells in held.values()]
        every = "every other type" if len(refused) > _MANY else ", ".join(f"`{cell.target}`" for cell in refused)
        yield _line(f"`{row.source.spelling}`", *named, every)


_MANY = 4


def _why(cell: Cell) -> str:
    return f" ({cell.why})" if cell.why else ""


def _line(*cells: str) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
