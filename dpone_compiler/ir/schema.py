"""Tables, columns and the catalog facts that a compile may use."""

from __future__ import annotations

from dpone_compiler.expr.types import DataType
from dpone_compiler.ir.partitioning import RangePartitioning
from dpone_compiler.source.value import value


@value
class TableRef:
    """A table by its parts, unquoted, exactly as the engine stores them."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def __lt__(self, other: TableRef) -> bool:
        return (self.schema, self.name) < (other.schema, other.name)


@value(kw_only=True)
class Column:
    """A column of a table. `native` is the engine's own type text; `generated`/`identity` columns are not written."""

    name: str
    type: DataType
    native: str
    nullable: bool = True
    generated: bool = False
    identity: bool = False


@value(kw_only=True)
class PartitionStat:
    """One partition with its row and byte estimates, and its bound in the server's own words ('' where it has none).

    `filegroup`, `compression`: of SQL Server; '' elsewhere.
    """

    id: str
    rows: int | None = None
    bytes: int | None = None
    bound: str = ""
    filegroup: str = ""
    compression: str = ""


@value(kw_only=True)
class TableStructure:
    """The structural part of a snapshot: what a plan may rely on and `run` checks for drift.

    `partition_key` is the server's own text (ClickHouse `partition_key`, Postgres `pg_get_partkeydef`), '' for none.
    `table_engine`: ClickHouse engine_full, '' elsewhere. `version_column`, `deleted_column`: of a ReplacingMergeTree.
    `replica_identity`: columns that a captured UPDATE or DELETE has of the old row; () none, None not known.
    `hazards`: (kind, name), e.g. ("trigger", "audit"), ("incoming_foreign_key", "…"), ("materialized_view", "…").
    """

    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    partition_key: str = ""
    sorting_key: str = ""
    table_engine: str = ""
    database_engine: str = ""
    version_column: str = ""
    deleted_column: str = ""
    replica_identity: tuple[str, ...] | None = None
    hazards: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of that exact name, or None."""
        return next((c for c in self.columns if c.name == name), None)


@value(kw_only=True)
class TableStatistics:
    """The statistical part: estimates that may steer a choice but never refuse a run."""

    rows: int | None = None
    bytes: int | None = None
    partitions: tuple[PartitionStat, ...] = ()


@value(kw_only=True)
class TableFacts:
    """One table of a snapshot. `partitioning`: of a table of SQL Server that is partitioned; None elsewhere, or not known."""

    structure: TableStructure
    statistics: TableStatistics = TableStatistics()
    partitioning: RangePartitioning | None = None


@value(kw_only=True)
class EngineFacts:
    """The server behind a connection: engine word, version numbers, settings that matter (sorted)."""

    engine: str
    version: tuple[int, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()


@value(kw_only=True)
class Catalog:
    """All snapshots a compile was given: facts by connection id and table. Absent tables are simply not there."""

    engines: tuple[tuple[str, EngineFacts], ...] = ()
    tables: tuple[tuple[str, TableRef, TableFacts], ...] = ()

    def engine(self, connection: str) -> EngineFacts | None:
        """The server facts of a connection, or None when no snapshot names it."""
        return next((facts for name, facts in self.engines if name == connection), None)

    def table(self, connection: str, table: TableRef) -> TableFacts | None:
        """The facts of one table, or None when no snapshot has it."""
        return next((f for c, t, f in self.tables if c == connection and t == table), None)
