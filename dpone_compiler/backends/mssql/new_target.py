"""A new target on SQL Server: a plain table with the key as its clustered primary key, and an index on the partition column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.script import (
    MESSAGE,
    alone,
    batch,
    literal,
    refuse,
    sql,
    state_sql,
    statements,
    word,
)
from dpone_compiler.backends.mssql.state import target_lock
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.new_target import Design, NewTarget
from dpone_compiler.ir.schema import Column, TableStructure
from dpone_compiler.plan.target_actions import CheckNotLost, CreateTarget, TargetAction
from dpone_compiler.spi.backend import Context, Lowered, NewTable
from dpone_compiler.sql.identifiers import create_table, identifier, table
from dpone_compiler.sql.mssql_native import NativeTypeError, read_native, type_tree
from dpone_compiler.sql.mssql_types import parse_type
from dpone_compiler.sql.render import Sql, frame, join

# https://learn.microsoft.com/en-us/sql/sql-server/maximum-capacity-specifications-for-sql-server
MOST_COLUMNS, MOST_KEYS, KEY_BYTES = 1024, 32, 900
INDEX_BYTES = 1700  # of an index that is not clustered
_OTHER_BYTES = 17  # the widest type without a length in a key: decimal(38)
# A counter that the database sets itself cannot be written; types that were given up have successors.
_SUCCESSORS = {
    "rowversion": "bigint",
    "text": "varchar(max)",
    "ntext": "nvarchar(max)",
    "image": "varbinary(max)",
}
_UNITS = {"nvarchar": 2, "nchar": 2, "varchar": 1, "char": 1, "varbinary": 1, "binary": 1}

_MISSING = "OBJECT_ID(<<name>>, N'U') IS NULL AND OBJECT_ID(<<name>>, N'V') IS NULL"
_LOST = """\
  IF <<missing>>
     AND (EXISTS (SELECT 1 FROM <<state>> WHERE [load] = <<load>> AND [watermark] <> N'')<<slices>>)
<<refuse>>"""
_SLICES = "\n          OR EXISTS (SELECT 1 FROM <<slices>> WHERE [load] = <<load>>)"

# Two runs may find the table missing at once: the second one waits, and then finds it there.
_CREATE = """\
  IF <<missing>>
  BEGIN
<<lock>>    IF <<missing>>
    BEGIN
<<create>>;<<indexes>>
    END;
  END;"""

_GUARD = """\
  SELECT CASE WHEN <<missing>> THEN N'0' ELSE N'1' END AS [done];"""


def design(new: NewTable) -> NewTarget:
    """The structure, or why there is none."""
    key, partition = new.load.write.key, new.load.write.partition
    try:
        columns = tuple(own_spelling(new, column) for column in new.columns)
    except NativeTypeError as error:
        return NewTarget(structure=None, refused=str(error))
    if len(columns) > MOST_COLUMNS:
        why = f"SQL Server has tables of {MOST_COLUMNS} columns at most, not {len(columns)}"
        return NewTarget(structure=None, refused=why)
    odd = [c.name for c in columns if c.name in key and c.type.kind in (Kind.OTHER, Kind.JSON)]
    if new.unique and (odd or len(key) > MOST_KEYS):
        why = f"column {odd[0]!r} has a type that no key can have" if odd else f"a key has {MOST_KEYS} columns at most"
        return NewTarget(structure=None, refused=why)
    primary = key if new.unique else ()
    indexed = partition is not None and primary[:1] != (partition.column,) and not _large(columns, partition.column)
    indexes = ((partition.column,),) if indexed and partition is not None else ()
    structure = TableStructure(
        columns=columns, primary_key=primary, indexes=(*((primary,) if primary else ()), *indexes)
    )
    return NewTarget(structure=structure, design=tuple(_reasons(new, structure, indexes)))


def _large(columns: tuple[Column, ...], name: str) -> bool:
    """An index of the column could refuse a value that the column holds."""
    native = next(read_native(column.native) for column in columns if column.name == name)
    size = native.args[0] if native.name in _UNITS else "0"
    return size == "max" or int(size) * _UNITS.get(native.name, 0) > INDEX_BYTES


def own_spelling(new: NewTable, column: Column) -> Column:
    """The column as the catalog spells it; texts of a key are as long as a key can be."""
    native = read_native(_SUCCESSORS.get(column.native, column.native))
    if new.unique and column.name in new.load.write.key and native.name in _UNITS:
        most = _key_bytes(new) // _UNITS[native.name]
        size = native.args[0]
        native = replace(native, args=(str(most),)) if size == "max" or int(size) > most else native
    return replace(column, type=parse_type(native.text), native=native.text)


def _key_bytes(new: NewTable) -> int:
    """What a text of the key may take, so that every key fits into an index."""
    keys = [read_native(column.native) for column in new.columns if column.name in new.load.write.key]
    texts = [key for key in keys if key.name in _UNITS]
    return (KEY_BYTES - _OTHER_BYTES * (len(keys) - len(texts))) // max(1, len(texts))


def _reasons(new: NewTable, structure: TableStructure, indexes: tuple[tuple[str, ...], ...]) -> Iterator[Design]:
    primary = structure.primary_key
    if primary:
        yield Design(
            "key", f"PRIMARY KEY ({', '.join(primary)})", "the target holds one row a key, and rows are found by it"
        )
        why = f"a key holds {KEY_BYTES} bytes; longer values are counted and stop the load"
        texts = [f"{c.name} {c.native}" for c in structure.columns if c.name in primary and c.type.kind is Kind.TEXT]
        if texts:
            yield Design("texts of the key", ", ".join(texts), why)
    elif new.load.write.key:
        yield Design("key", "none", f"{new.strategy} keeps several rows of one key")
    else:
        yield Design("key", "none", "the load names no unique_key")
    if new.load.write.partition is not None:
        why = "rows of a partition are deleted and inserted; a partition function would need its bounds before their rows are"
        yield Design("partitions", "one plain table", why)
    for index in indexes:
        yield Design("index", f"({', '.join(index)})", "the strategy looks for rows by it")


def lower(ctx: Context, action: TargetAction) -> Lowered:
    """How a step that makes the target is done."""
    match action:
        case CheckNotLost():
            return _check_not_lost(ctx)
        case CreateTarget():
            return _create_target(ctx, action)


def _check_not_lost(ctx: Context) -> Lowered:
    """DP435 where the table is missing and the state, or a slice, says that rows are in it."""
    load = literal(ctx.load.name)
    slices = Sql("")
    if ctx.load.write.slices is not None:
        slices = frame(_SLICES, slices=word(table(names.slices(ctx.load))), load=load)
    gone = f"the target {names.target(ctx.load)} is gone, and the state of this load says that rows were loaded into it"
    body = frame(
        _LOST,
        missing=_missing(ctx),
        state=state_sql(ctx.load),
        load=load,
        slices=slices,
        refuse=refuse("DP435", "restore it, or set the state back: dponec explain DP435", literal(gone)),
    )
    return Lowered(op="sql", bodies={"main": batch(ctx.load, statements(MESSAGE, body)).text})


def _create_target(ctx: Context, action: CreateTarget) -> Lowered:
    """CREATE TABLE and its index in one transaction, where OBJECT_ID finds nothing of that name."""
    structure = action.target.structure
    assert structure is not None, "a design without one is refused"
    target = names.target(ctx.load)
    made = [
        frame(
            "\n      CREATE INDEX [dponec_partition] ON <<table>> (<<columns>>);",
            table=word(table(target)),
            columns=join(", ", [word(identifier(name)) for name in index]),
        )
        for index in structure.indexes
        if index != structure.primary_key
    ]
    body = frame(
        _CREATE,
        missing=_missing(ctx),
        lock=target_lock(ctx.load),
        create=sql(create_table(target, [*map(definition, structure.columns)], structure.primary_key)),
        indexes=join("", made),
    )
    return Lowered(
        op="sql",
        bodies={"main": alone(ctx.load, body).text},
        guard=batch(ctx.load, frame(_GUARD, missing=_missing(ctx))).text,
        locks=(
            "none on a target that is there; where it is missing, the application lock of the target while it is made",
        ),
    )


def definition(column: Column) -> exp.ColumnDef:
    """NULL is written out: what a column without it means depends on the session."""
    null = exp.NotNullColumnConstraint(allow_null=column.nullable)
    constraints = [exp.ColumnConstraint(kind=null)]
    return exp.ColumnDef(this=identifier(column.name), kind=type_tree(column.native), constraints=constraints)


def _missing(ctx: Context) -> Sql:
    return frame(_MISSING, name=literal(word(table(names.target(ctx.load))).text))
