"""How Postgres reads run parameters in windows and partition sets. The column stays bare, so that indexes and pruning work:
current_setting() is stable, so partitions are pruned when the statement starts.
https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITION-PRUNING
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres.script import setting
from dpone_compiler.backends.postgres.shapes import shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.interval import PartitionSet, Scope
from dpone_compiler.sql.identifiers import text
from dpone_compiler.sql.postgres_native import cast
from dpone_compiler.sql.postgres_types import propose_type
from dpone_compiler.sql.predicates import scope_predicate

_UNITS = {"hour": "1 hour", "day": "1 day", "month": "1 month", "year": "1 year"}


class PostgresPredicates:
    """The dialect's hook of sql/predicates.py."""

    def parameter(self, name: str, type_: DataType) -> exp.Expression:
        """The run parameter, cast to the column's family."""
        return cast(setting(name), comparable_type(type_))

    def contains(self, partitions: PartitionSet, value: exp.Expression) -> exp.Expression:
        """Unit value: the bare column against an array. Time units: bounds on the bare column, then the exact unit."""
        listed = setting(partitions.parameter)
        if not has_unit(partitions.unit, partitions.type):
            element = cast(exp.column("v"), comparable_type(partitions.type))
            return shape(
                ":value = ANY (ARRAY(SELECT :element FROM jsonb_array_elements_text(:listed::jsonb) AS e(v)))",
                value=value,
                element=element,
                listed=listed,
            )
        start = from_wall(exp.cast(exp.column("v"), "timestamp"), partitions.type)
        end = from_wall(
            shape("v::timestamp + :step::interval", step=text(_UNITS[partitions.unit])),
            partitions.type,
        )
        return shape(
            ":value >= (SELECT min(:start) FROM jsonb_array_elements_text(:listed::jsonb) AS e(v))"
            " AND :value < (SELECT max(:end_) FROM jsonb_array_elements_text(:listed::jsonb) AS e(v))"
            " AND :unit = ANY (ARRAY(SELECT v::timestamp FROM jsonb_array_elements_text(:listed::jsonb) AS e(v)))",
            value=value,
            start=start,
            end_=end,
            listed=listed,
            unit=unit_start(value, partitions.unit, partitions.type),
        )

    def contains_null(self, partitions: PartitionSet) -> exp.Expression:
        """The list holds JSON null."""
        return shape(":listed::jsonb @> '[null]'::jsonb", listed=setting(partitions.parameter))


PREDICATES = PostgresPredicates()


def in_scope(scope: Scope, value: exp.Expression, type_: DataType) -> exp.Expression:
    """The scope on a bare column of that type. Instants are given in UTC, whatever the session's zone."""

    def literal(end: str) -> exp.Expression:
        given = setting(end) if end in scope.params else text(end)
        if type_.kind is Kind.TIMESTAMP and type_.tz:
            return shape("(:value)::timestamp AT TIME ZONE 'UTC'", value=given)
        return cast(given, comparable_type(type_))

    inside = scope_predicate(scope, value, literal)
    if type_.kind is not Kind.TEXT or scope.low is None:
        return inside
    # citext and nondeterministic collations call texts equal that are rows of other scopes; `=` alone is for an index.
    exact = ':inside AND (:value)::text COLLATE "C" = (:low)::text COLLATE "C"'
    return shape(exact, inside=inside, value=value, low=literal(scope.low))


def has_unit(unit: str, type_: DataType) -> bool:
    """Whether the partition value differs from the column's value."""
    return unit in _UNITS and not (unit == "day" and type_.kind is Kind.DATE)


def unit_start(value: exp.Expression, unit: str, type_: DataType) -> exp.Expression:
    """The start of the value's unit as a wall-clock timestamp, instants in UTC whatever the session says."""
    wall = shape(":value AT TIME ZONE 'UTC'", value=value) if type_.tz else exp.cast(value.copy(), "timestamp")
    return shape("date_trunc(:unit, :wall)", unit=text(unit), wall=wall)


def from_wall(wall: exp.Expression, type_: DataType) -> exp.Expression:
    """A wall-clock timestamp (UTC) as a value that compares with the bare column."""
    if type_.kind is Kind.DATE:
        return exp.cast(wall, "date")
    return shape("(:wall) AT TIME ZONE 'UTC'", wall=wall) if type_.tz else wall


def partition_text(value: exp.Expression, unit: str, type_: DataType) -> exp.Expression:
    """The partition value of a row as text, in the forms that sql/predicates.py describes."""
    if has_unit(unit, type_):
        form = "YYYY-MM-DD HH24:MI:SS" if unit == "hour" else "YYYY-MM-DD"
        return shape("to_char(:start, :form)", start=unit_start(value, unit, type_), form=text(form))
    if type_.kind is Kind.TIMESTAMP:
        wall = shape(":value AT TIME ZONE 'UTC'", value=value) if type_.tz else value
        zone = "+00:00" if type_.tz else ""
        return shape("to_char(:wall, 'YYYY-MM-DD HH24:MI:SS.US') || :zone", wall=wall, zone=text(zone))
    if type_.kind is Kind.DATE:
        return shape("to_char(:value, 'YYYY-MM-DD')", value=value)
    return exp.cast(value.copy(), "text")


def comparable_type(type_: DataType) -> str:
    """The type of a parameter beside a column of that type: integers as bigint, so that no bound overflows; no modifiers.

    Comparing smallint or integer with bigint uses the same index family:
    https://www.postgresql.org/docs/current/xindex.html#XINDEX-OPFAMILY
    """
    match type_.kind:
        case Kind.INT:
            return "bigint" if type_.signed else "numeric"
        case Kind.DECIMAL:
            return "numeric"
        case Kind.TIMESTAMP:
            return f"timestamp {'with' if type_.tz else 'without'} time zone"
        case Kind.TEXT:
            return "text"
        case Kind.ENUM | Kind.OTHER:
            return type_.native or "text"
        case _:
            return propose_type(type_)


_MINIMUM = {16: "-32768", 32: "-2147483648", 64: "-9223372036854775808"}


def lowest(type_: DataType) -> str:
    """The least value of a cursor's type: the low end of a load's first window."""
    return _MINIMUM[type_.bits or 64] if type_.kind is Kind.INT else "-infinity"
