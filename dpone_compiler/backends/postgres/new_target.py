"""A new target on Postgres: a plain table with the key as its primary key, and an index where the strategy looks for rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.script import do_block, literal, sql, word
from dpone_compiler.backends.postgres.state import state_sql
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.new_target import Design, NewTarget
from dpone_compiler.ir.schema import Column, TableStructure
from dpone_compiler.plan.target_actions import CheckNotLost, CreateTarget, TargetAction
from dpone_compiler.spi.backend import Context, Lowered, NewTable
from dpone_compiler.sql.identifiers import create_table, identifier, table
from dpone_compiler.sql.postgres_native import NativeTypeError, read_native, type_tree
from dpone_compiler.sql.render import Sql, frame, join

# https://www.postgresql.org/docs/current/limits.html
MOST_COLUMNS, MOST_KEYS = 1600, 32

_LOST = """\
  IF to_regclass(<<target>>) IS NULL AND (EXISTS (SELECT FROM <<state>> WHERE load = <<load>> AND watermark <> '')<<slices>>) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP435', MESSAGE = <<message>>, HINT = 'restore it, or set the state back: dponec explain DP435';
  END IF;"""
_SLICES = "\n      OR EXISTS (SELECT FROM <<slices>> WHERE load = <<load>>)"

# Two runs may find the table missing at once: the second one waits, and then finds it there.
_CREATE = """\
  PERFORM set_config('lock_timeout', <<timeout>>, true);
  IF to_regclass(<<target>>) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(<<key>>, 0));
  END IF;
  IF to_regclass(<<target>>) IS NULL THEN
<<create>>;<<indexes>>
  END IF;"""

_GUARD = "SELECT CASE WHEN to_regclass(<<target>>) IS NULL THEN '0' ELSE '1' END AS done;\n"


def design(new: NewTable) -> NewTarget:
    """The structure, or why there is none."""
    try:
        columns = tuple(own_spelling(new, column) for column in new.columns)
    except NativeTypeError as error:
        return NewTarget(structure=None, refused=str(error))
    key, partition = new.load.write.key, new.load.write.partition
    if len(columns) > MOST_COLUMNS:
        return NewTarget(
            structure=None, refused=f"Postgres has tables of {MOST_COLUMNS} columns at most, not {len(columns)}"
        )
    if len(key) > MOST_KEYS:
        return NewTarget(structure=None, refused=f"Postgres has keys of {MOST_KEYS} columns at most, not {len(key)}")
    primary = key if new.unique else ()
    looked_up: list[tuple[str, ...]] = [(partition.column,)] if partition is not None else []
    looked_up += [key] if key and new.strategy == "scd2" else []
    indexes = tuple(index for index in looked_up if primary[: len(index)] != index)
    structure = TableStructure(
        columns=columns,
        primary_key=primary,
        indexes=(*((primary,) if primary else ()), *indexes),
        replica_identity=primary,
    )
    return NewTarget(structure=structure, design=tuple(_reasons(new, primary, indexes)))


def own_spelling(new: NewTable, column: Column) -> Column:
    """The column in the catalog's own spelling; a type that people have made is there only in the source's own database."""
    read, write = new.load.read.endpoint, new.load.write.endpoint
    if "." in read_native(column.native).name and read.connection != write.connection:
        return replace(column, type=DataType(kind=Kind.TEXT), native="text")
    return replace(column, native=read_native(column.native).text)


def _reasons(new: NewTable, primary: tuple[str, ...], indexes: tuple[tuple[str, ...], ...]) -> Iterator[Design]:
    if primary:
        yield Design(
            "key", f"PRIMARY KEY ({', '.join(primary)})", "the target holds one row a key, and rows are found by it"
        )
    elif new.load.write.key:
        yield Design("key", "none", f"{new.strategy} keeps several rows of one key")
    else:
        yield Design("key", "none", "the load names no unique_key")
    if new.load.write.partition is not None:
        why = "rows of a partition are deleted and inserted; declared partitions would have to be there before their rows are"
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
    slices = Sql("")
    if ctx.load.write.slices is not None:
        slices = frame(_SLICES, slices=word(table(names.slices(ctx.load))), load=literal(ctx.load.name))
    target = names.target(ctx.load)
    body = frame(
        _LOST,
        target=_regclass(ctx),
        state=state_sql(ctx.load),
        load=literal(ctx.load.name),
        slices=slices,
        message=literal(f"the target {target} is gone, and the state of this load says that rows were loaded into it"),
    )
    return Lowered(op="sql", bodies={"main": do_block(body).text + "\n"})


def _create_target(ctx: Context, action: CreateTarget) -> Lowered:
    """CREATE TABLE and its indexes in one transaction, where to_regclass finds nothing of that name."""
    structure = action.target.structure
    assert structure is not None, "a design without one is refused"
    target = names.target(ctx.load)
    indexes = [index for index in structure.indexes if index != structure.primary_key]
    made = [
        frame(
            "\n    CREATE INDEX ON <<table>> (<<columns>>);",
            table=word(table(target)),
            columns=join(", ", [word(identifier(name)) for name in index]),
        )
        for index in indexes
    ]
    body = frame(
        _CREATE,
        timeout=literal(f"{ctx.load.write.limits.lock_timeout}s"),
        target=_regclass(ctx),
        key=literal(names.lock_key(ctx.load)),
        create=sql(create_table(target, [*map(_definition, structure.columns)], structure.primary_key)),
        indexes=join("", made),
    )
    return Lowered(
        op="sql",
        bodies={"main": do_block(body).text + "\n"},
        guard=frame(_GUARD, target=_regclass(ctx)).text,
        locks=(
            "none on a target that is there; where it is missing, the advisory lock of the target while it is made",
        ),
    )


def _definition(column: Column) -> exp.ColumnDef:
    constraints = [] if column.nullable else [exp.ColumnConstraint(kind=exp.NotNullColumnConstraint())]
    return exp.ColumnDef(this=identifier(column.name), kind=type_tree(column.native), constraints=constraints)


def _regclass(ctx: Context) -> Sql:
    """The target's name as the text that to_regclass reads."""
    return literal(word(table(names.target(ctx.load))).text)
