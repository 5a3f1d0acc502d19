"""The words a script imports for engines and partition units, and the text of a filter."""

from __future__ import annotations

from dpone_compiler.expr.printer import predicate_sql
from dpone_compiler.frontends.dsl.arguments import PartitionBy, column, endpoint
from dpone_compiler.frontends.dsl.conditions import Col, Condition
from dpone_compiler.frontends.dsl.problems import ArgumentNotUsable, ScriptError
from dpone_compiler.ir.load import ColumnSpec, Endpoint, PartitionUnit, SqlText


def postgres(connection: str, table: str) -> Endpoint:
    """A PostgreSQL table; schema public when none is given."""
    return endpoint("postgres", connection, table)


def mssql(connection: str, table: str) -> Endpoint:
    """A SQL Server table; schema dbo when none is given."""
    return endpoint("mssql", connection, table)


def clickhouse(connection: str, table: str) -> Endpoint:
    """A ClickHouse table; database default when none is given."""
    return endpoint("clickhouse", connection, table)


def bigquery(connection: str, table: str) -> Endpoint:
    """A BigQuery table, dataset.table."""
    return endpoint("bigquery", connection, table)


def kafka(connection: str, topic: str) -> Endpoint:
    """A Kafka topic."""
    return endpoint("kafka", connection, topic)


def hour(column: str) -> PartitionBy:
    """Partitions of an hour."""
    return PartitionBy(column, PartitionUnit.HOUR)


def day(column: str) -> PartitionBy:
    """Partitions of a day."""
    return PartitionBy(column, PartitionUnit.DAY)


def month(column: str) -> PartitionBy:
    """Partitions of a month."""
    return PartitionBy(column, PartitionUnit.MONTH)


def year(column: str) -> PartitionBy:
    """Partitions of a year."""
    return PartitionBy(column, PartitionUnit.YEAR)


def column_of(given: str | Col | ColumnSpec) -> ColumnSpec:
    """A column that is read, however it was named."""
    return given if isinstance(given, ColumnSpec) else column(given.name if isinstance(given, Col) else given)


def where_text(condition: Condition | str | None, engine: str) -> SqlText | None:
    """The filter as SQL text of the source. Only ClickHouse, among our sources, escapes by backslash."""
    match condition:
        case None:
            return None
        case Condition():
            return SqlText(text=predicate_sql(condition.node, backslash_escapes=engine == "clickhouse"))
        case str() if condition.strip():
            return SqlText(text=condition.strip())
        case _:
            raise ScriptError(ArgumentNotUsable(repr(condition), "a condition", 'write col("status") != "draft"'))
