"""A new target on ClickHouse: its engine, the order that its parts are sorted in, and the partitions that are replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dpone_compiler.backends.clickhouse import state
from dpone_compiler.backends.clickhouse.partition_key import elements
from dpone_compiler.backends.clickhouse.profile import is_legacy, view
from dpone_compiler.backends.clickhouse.slices import noted
from dpone_compiler.backends.clickhouse.storage import respelled, spelled, storage_refusal
from dpone_compiler.backends.clickhouse.types import wanted_type
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.load import Load, PartitionUnit
from dpone_compiler.ir.new_target import Design, NewTarget
from dpone_compiler.ir.schema import Column, TableStructure
from dpone_compiler.ir.storage import storage_of
from dpone_compiler.plan.target_actions import CheckNotLost, CreateTarget, TargetAction
from dpone_compiler.spi.backend import Context, Lowered, NewTable
from dpone_compiler.sql.clickhouse_names import ident, literal, qualified
from dpone_compiler.sql.clickhouse_native import native_sql
from dpone_compiler.sql.clickhouse_types import parse_type
from dpone_compiler.sql.render import Sql, frame, join

_UNITS = {
    PartitionUnit.HOUR: "toStartOfHour",
    PartitionUnit.DAY: "toYYYYMMDD",  # toDate would clamp days before 1970 and after 2149 into one partition
    PartitionUnit.MONTH: "toYYYYMM",
    PartitionUnit.YEAR: "toYear",
}
_ASKED = "sink.options.physical_design.storage says so"


def design(new: NewTable) -> NewTarget:
    """The structure, or why there is none."""
    if why := _refused(new):
        return NewTarget(structure=None, refused=why)
    columns = tuple(_column(new, column) for column in new.columns)
    sorting, version = _sorting(new, columns), _version(new)
    partition = _partition(new, columns)
    if isinstance(partition, NewTarget):
        return partition
    engine = f"ReplacingMergeTree({spelled(version)})" if version else "MergeTree"
    structure = TableStructure(
        columns=columns,
        primary_key=sorting,
        partition_key=partition,
        sorting_key=", ".join(map(spelled, sorting)),
        table_engine=engine,
        version_column=version,
    )
    return NewTarget(structure=structure, design=tuple(_reasons(new, structure)))


def _refused(new: NewTable) -> str:
    write = new.load.write
    if write.merge_policy == "replacing_merge_tree" and write.policies.deletes == "hard":
        return "a ReplacingMergeTree that forgets deleted rows has a column of its own for them"
    if write.merge_policy == "replacing_merge_tree" and not _version(new):
        return (
            "which version of a row a ReplacingMergeTree keeps, a loaded cursor or strategy.version_column has to say"
        )
    partition = write.partition
    column = next((c for c in new.columns if partition is not None and c.name == partition.column), None)
    if partition is not None and partition.nulls == "own" and column is not None and column.nullable:
        return (
            "a partition of NULLs needs a Nullable partition key, which ClickHouse has only by a setting of the table"
        )
    unreadable = [column.name for column in new.columns if native_sql(column.native) is None]
    if unreadable:
        return f"column {unreadable[0]!r} has a type that this compiler cannot write"
    return storage_refusal(new, _version(new))


def _column(new: NewTable, column: Column) -> Column:
    """As this server has it; a key, a partition column and a version are never Nullable."""
    write = new.load.write
    bound = {*write.key, write.partition.column if write.partition else "", _version(new)}
    nullable = column.nullable and column.name not in bound
    native = wanted_type(column.native, legacy=is_legacy(new.engine), nullable=nullable)
    return replace(column, type=parse_type(native), native=native, nullable=nullable)


def _version(new: NewTable) -> str:
    """The column that says which row of a key is the newest, for the engine that keeps it; '' for MergeTree."""
    write, names = new.load.write, {column.name for column in new.columns}
    if write.merge_policy != "replacing_merge_tree":
        return ""
    cursor = write.version_column or _cursor(new.load)
    return cursor if cursor in names else ""


def _cursor(load: Load) -> str:
    """The cursor's name in the target."""
    if load.read.cursor is None:
        return ""
    named = (
        spec.target for spec in load.read.columns or () if spec.name == load.read.cursor.column and spec.sql is None
    )
    return next(named, load.read.cursor.column)


def _sorting(new: NewTable, columns: tuple[Column, ...]) -> tuple[str, ...]:
    """The key, then what dates its versions; without a key the cursor, where it is loaded and never NULL."""
    load = new.load
    if asked := storage_of(load).order_by:
        return asked
    if load.write.key:
        return (*load.write.key, load.write.history.valid_from) if new.strategy == "scd2" else load.write.key
    return tuple(c.name for c in columns if c.name == _cursor(load) and not c.nullable)


def _partition(new: NewTable, columns: tuple[Column, ...]) -> str | NewTarget:
    """The partition key in the server's own words; '' for one partition."""
    wanted = new.load.write.partition
    column = next((c for c in columns if wanted is not None and c.name == wanted.column), None)
    if asked := storage_of(new.load).partition_by:
        return respelled(asked)
    if wanted is None or column is None or (_version(new) and column.name not in new.load.write.key):
        return ""
    dated = column.type.kind in (Kind.DATE, Kind.TIMESTAMP)
    if wanted.unit is PartitionUnit.VALUE or (wanted.unit is PartitionUnit.DAY and column.type.kind is Kind.DATE):
        return spelled(column.name)
    if not dated or (wanted.unit is PartitionUnit.HOUR and column.type.kind is Kind.DATE):
        return NewTarget(
            structure=None, refused=f"{column.name} is {column.type.label()}, which has no {wanted.unit.value}"
        )
    return f"{_UNITS[wanted.unit]}({spelled(column.name)})"


def _reasons(new: NewTable, structure: TableStructure) -> Iterator[Design]:
    write, asked = new.load.write, storage_of(new.load)
    if structure.version_column:
        why = "the merge policy replacing_merge_tree keeps the newest row of a key"
    else:
        why = "plain rows: the steps of the plan replace them, and no merge drops any"
    yield Design("engine", structure.table_engine, why)
    order = f"ORDER BY ({structure.sorting_key})" if structure.sorting_key else "ORDER BY tuple()"
    if asked.order_by:
        yield Design("order", order, _ASKED)
    elif write.key:
        yield Design("order", order, "rows are found and replaced by the key")
    elif structure.sorting_key:
        yield Design("order", order, "there is no key, and a window of the cursor is then read together")
    else:
        yield Design("order", order, "the load names neither a key nor a cursor that is never NULL")
    if asked.partition_by:
        yield Design("partitions", f"PARTITION BY {structure.partition_key}", _ASKED)
    elif structure.partition_key:
        why = "partitions of strategy.partition are replaced as a whole, each by one statement"
        yield Design("partitions", f"PARTITION BY {structure.partition_key}", why)
    elif write.partition is not None:
        why = "versions of a row collapse inside one partition only, and its column is not in the key"
        yield Design("partitions", "none", why)
    else:
        yield Design("partitions", "none", "the load names no strategy.partition")
    if is_legacy(new.engine):
        yield Design(
            "types", "DateTime, Date, UInt8", "this server has no DateTime64, Date32 and Bool; what is lost is counted"
        )


def lower(ctx: Context, action: TargetAction) -> Lowered:
    """How a step that makes the target is done."""
    match action:
        case CheckNotLost():
            return _check_not_lost(ctx)
        case CreateTarget():
            return _create_target(ctx, action)


def _check_not_lost(ctx: Context) -> Lowered:
    """DP435 where the table is missing and the state, or a slice, says that rows are in it."""
    seen = view(ctx)
    remembered = frame("<<watermark>> != ''", watermark=state.value(seen, "watermark"))
    if ctx.load.write.slices is not None:
        remembered = frame(
            "(<<mark>> OR (SELECT count() FROM <<slices>> WHERE load = <<load>>) > 0)",
            mark=remembered,
            slices=qualified(noted(seen)),
            load=literal(ctx.load.name),
        )
    body = frame(
        "SELECT 'DP435' AS code, 'the target is gone, and the state of this load says that rows were loaded into it' AS detail, "
        "1 AS count FROM (SELECT count() AS there FROM system.tables WHERE database = <<database>> AND name = <<name>>) "
        "WHERE there = 0 AND <<remembered>>",
        database=literal(seen.target.schema),
        name=literal(seen.target.name),
        remembered=remembered,
    )
    return Lowered(op="check", bodies={"main": body.text})


def _create_target(ctx: Context, action: CreateTarget) -> Lowered:
    """One CREATE TABLE IF NOT EXISTS."""
    seen, structure = view(ctx), action.target.structure
    assert structure is not None, "a design without one is refused"
    listed = []
    for column in structure.columns:
        native = native_sql(column.native)
        assert native is not None, "a type that cannot be written is refused"
        listed.append(frame("    <<name>> <<type>>", name=ident(column.name), type=native))
    body = frame(
        "CREATE TABLE IF NOT EXISTS <<table>>\n(\n<<columns>>\n)\nENGINE = <<engine>><<partition>>\nORDER BY <<order>>",
        table=qualified(seen.target),
        columns=join(",\n", listed),
        engine=_engine(structure),
        partition=_partition_by(structure),
        order=_order_by(structure),
    )
    guard = frame(
        "SELECT if(count() > 0, '1', '0') FROM system.tables WHERE database = <<database>> AND name = <<name>>",
        database=literal(seen.target.schema),
        name=literal(seen.target.name),
    )
    return Lowered(op="sql", bodies={"main": body.text}, guard=guard.text)


def _engine(structure: TableStructure) -> Sql:
    if not structure.version_column:
        return Sql("MergeTree")
    return frame("ReplacingMergeTree(<<version>>)", version=ident(structure.version_column))


def _order_by(structure: TableStructure) -> Sql:
    """One column stands without parentheses: the server would repeat them in its sorting_key."""
    names = [ident(name) for name in structure.primary_key]
    if not names:
        return Sql("tuple()")
    return names[0] if len(names) == 1 else frame("(<<names>>)", names=join(", ", names))


def _partition_by(structure: TableStructure) -> Sql:
    if not structure.partition_key:
        return Sql("")
    (element,) = elements(structure.partition_key)
    name = ident(element.column)
    function = structure.partition_key.partition("(")[0] if structure.partition_key != spelled(element.column) else ""
    by = frame("<<function>>(<<name>>)", function=Sql(function), name=name) if function else name
    return frame("\nPARTITION BY <<by>>", by=by)
