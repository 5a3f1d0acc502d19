"""Facts of SQL Server tables from the catalog views: structure that a plan relies on, estimates that steer it, hazards to name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dpone_compiler.introspect.mssql_partitions import Rows, Session, read_partitioning, with_bounds
from dpone_compiler.ir.schema import (
    Column,
    EngineFacts,
    PartitionStat,
    TableFacts,
    TableRef,
    TableStatistics,
    TableStructure,
)
from dpone_compiler.sql.mssql_catalog import BASE_TYPE, COLUMN_TYPE
from dpone_compiler.sql.mssql_types import parse_type
from dpone_compiler.sql.render import Sql, frame

_DEFAULT_SCHEMA = "dbo"

# https://learn.microsoft.com/en-us/sql/t-sql/functions/serverproperty-transact-sql
_ENGINE = Sql(
    """SELECT CONVERT(nvarchar(128), SERVERPROPERTY(N'ProductVersion')), CONVERT(nvarchar(10), SERVERPROPERTY(N'EngineEdition')),
       CONVERT(nvarchar(10), d.[compatibility_level]), CONVERT(nvarchar(10), d.[snapshot_isolation_state]),
       CONVERT(nvarchar(10), d.[is_read_committed_snapshot_on]), d.[collation_name], d.[recovery_model_desc]
  FROM sys.databases AS d WHERE d.[database_id] = DB_ID();"""
)

_OBJECT = Sql(
    """SELECT CONVERT(nvarchar(20), o.[object_id]), RTRIM(o.[type]) FROM sys.objects AS o
  JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
 WHERE s.[name] = @schema AND o.[name] = @name AND o.[type] IN (N'U', N'V');"""
)

_COLUMNS = """SELECT c.[name], <<type>>, CONVERT(nvarchar(1), c.[is_nullable]),
       CASE WHEN c.[is_computed] = 1 OR c.[generated_always_type] <> 0 OR c.[system_type_id] = 189 THEN N'1' ELSE N'0' END,
       CONVERT(nvarchar(1), c.[is_identity])
  FROM sys.columns AS c LEFT JOIN sys.types AS b ON <<base>>
 WHERE c.[object_id] = CONVERT(int, @object) ORDER BY c.[column_id];"""

# Only an index that is enabled and holds for every row can promise anything.
_INDEXES = Sql(
    """SELECT CONVERT(nvarchar(1), i.[is_primary_key]), CONVERT(nvarchar(1), i.[is_unique]), CONVERT(nvarchar(10), i.[index_id]), c.[name]
  FROM sys.indexes AS i
  JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[is_included_column] = 0
  JOIN sys.columns AS c ON c.[object_id] = k.[object_id] AND c.[column_id] = k.[column_id]
 WHERE i.[object_id] = CONVERT(int, @object) AND i.[is_disabled] = 0 AND i.[has_filter] = 0 AND i.[type] IN (1, 2) AND k.[key_ordinal] > 0
 ORDER BY i.[is_primary_key] DESC, i.[index_id], k.[key_ordinal];"""
)

# The partition scheme with its column, as ALTER TABLE … SWITCH needs it; '' for a table that is not partitioned.
_SCHEME = Sql(
    """SELECT CONCAT(p.[name], N'(', c.[name], N')')
  FROM sys.indexes AS i
  JOIN sys.partition_schemes AS p ON p.[data_space_id] = i.[data_space_id]
  JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[partition_ordinal] = 1
  JOIN sys.columns AS c ON c.[object_id] = k.[object_id] AND c.[column_id] = k.[column_id]
 WHERE i.[object_id] = CONVERT(int, @object) AND i.[index_id] IN (0, 1);"""
)

# https://learn.microsoft.com/en-us/sql/relational-databases/system-dynamic-management-views/sys-dm-db-partition-stats-transact-sql
# needs VIEW DATABASE STATE; sys.partitions and sys.allocation_units do not.
_SIZES = Sql(
    """SELECT CONVERT(nvarchar(10), p.[partition_number]),
       CONVERT(nvarchar(20), SUM(CASE WHEN p.[index_id] IN (0, 1) AND a.[type] = 1 THEN p.[rows] ELSE 0 END)),
       CONVERT(nvarchar(20), SUM(a.[total_pages]) * 8192)
  FROM sys.partitions AS p
  JOIN sys.allocation_units AS a ON a.[container_id] = CASE WHEN a.[type] = 2 THEN p.[partition_id] ELSE p.[hobt_id] END
 WHERE p.[object_id] = CONVERT(int, @object) GROUP BY p.[partition_number] ORDER BY p.[partition_number];"""
)

_HAZARDS = Sql(
    """SELECT h.[kind], h.[name] FROM (
  SELECT CASE WHEN t.[is_instead_of_trigger] = 1 THEN N'instead_of_trigger' ELSE N'trigger' END AS [kind], t.[name] AS [name]
    FROM sys.triggers AS t WHERE t.[parent_id] = CONVERT(int, @object) AND t.[is_disabled] = 0
  UNION ALL
  SELECT N'incoming_foreign_key',
         CONCAT(f.[name], N' of ', OBJECT_SCHEMA_NAME(f.[parent_object_id]), N'.', OBJECT_NAME(f.[parent_object_id]))
    FROM sys.foreign_keys AS f WHERE f.[referenced_object_id] = CONVERT(int, @object) AND f.[parent_object_id] <> CONVERT(int, @object)
  UNION ALL
  SELECT N'untrusted_foreign_key', f.[name] FROM sys.foreign_keys AS f
   WHERE f.[parent_object_id] = CONVERT(int, @object) AND f.[is_not_trusted] = 1 AND f.[is_disabled] = 0
  UNION ALL
  SELECT DISTINCT N'indexed_view', CONCAT(OBJECT_SCHEMA_NAME(v.[object_id]), N'.', v.[name])
    FROM sys.sql_expression_dependencies AS d JOIN sys.views AS v ON v.[object_id] = d.[referencing_id]
    JOIN sys.indexes AS i ON i.[object_id] = v.[object_id] AND i.[index_id] = 1
   WHERE d.[referenced_id] = CONVERT(int, @object)
  UNION ALL
  SELECT CASE WHEN t.[temporal_type] = 1 THEN N'history_table' ELSE N'temporal' END,
         CASE WHEN t.[temporal_type] = 1 THEN t.[name]
              ELSE CONCAT(OBJECT_SCHEMA_NAME(t.[history_table_id]), N'.', OBJECT_NAME(t.[history_table_id])) END
    FROM sys.tables AS t WHERE t.[object_id] = CONVERT(int, @object) AND t.[temporal_type] <> 0
  UNION ALL
  SELECT N'change_data_capture', t.[name] FROM sys.tables AS t WHERE t.[object_id] = CONVERT(int, @object) AND t.[is_tracked_by_cdc] = 1
  UNION ALL
  SELECT N'change_tracking', OBJECT_NAME(t.[object_id]) FROM sys.change_tracking_tables AS t WHERE t.[object_id] = CONVERT(int, @object)
  UNION ALL
  SELECT N'replication', t.[name] FROM sys.tables AS t
   WHERE t.[object_id] = CONVERT(int, @object) AND (t.[is_published] = 1 OR t.[is_merge_published] = 1 OR t.[is_replicated] = 1)
  UNION ALL
  SELECT N'memory_optimized', t.[name] FROM sys.tables AS t WHERE t.[object_id] = CONVERT(int, @object) AND t.[is_memory_optimized] = 1
  UNION ALL
  SELECT N'security_policy', p.[name] FROM sys.security_policies AS p JOIN sys.security_predicates AS q ON q.[object_id] = p.[object_id]
   WHERE q.[target_object_id] = CONVERT(int, @object) AND p.[is_enabled] = 1
  UNION ALL
  SELECT CASE WHEN i.[type] = 5 THEN N'columnstore' ELSE N'filtered_unique_index' END, i.[name] FROM sys.indexes AS i
   WHERE i.[object_id] = CONVERT(int, @object) AND (i.[type] = 5 OR (i.[is_unique] = 1 AND i.[has_filter] = 1))
) AS h ORDER BY h.[kind], h.[name];"""
)


class TableNotFoundError(LookupError):
    """The server has no such table, or hides it from this login."""


def read_mssql(session: Session, tables: Sequence[TableRef]) -> tuple[EngineFacts, dict[TableRef, TableFacts]]:
    """The server and the tables, in the order asked for."""
    ((version, edition, level, snapshot, committed, collation, recovery),) = session.run(_ENGINE.text, {}).rows
    numbers = tuple(int(part) for part in re.findall(r"\d+", version or "")[:2])
    settings = {
        "collation": collation,
        "compatibility_level": level,
        "engine_edition": edition,
        "read_committed_snapshot": committed,
        "recovery_model": recovery,
        "snapshot_isolation_state": snapshot,
    }
    known = tuple((name, value) for name, value in sorted(settings.items()) if value is not None)
    return EngineFacts(engine="mssql", version=numbers, settings=known), {t: _table(session, t) for t in tables}


def _table(session: Session, asked: TableRef) -> TableFacts:
    found = session.run(_OBJECT.text, {"schema": asked.schema or _DEFAULT_SCHEMA, "name": asked.name}).rows
    if not found:
        raise TableNotFoundError(f"{asked} is not there, or this login may not see it")
    given = {"object": found[0][0] or ""}
    columns = session.run(frame(_COLUMNS, type=COLUMN_TYPE, base=BASE_TYPE).text, given).rows
    indexes = _indexes(session.run(_INDEXES.text, given).rows)
    scheme = session.run(_SCHEME.text, given).rows
    statistics = _statistics(session.run(_SIZES.text, given).rows, partitioned=bool(scheme))
    structure = TableStructure(
        columns=tuple(_column(*row) for row in columns),
        primary_key=next((names for primary, _, names in indexes if primary), ()),
        unique_keys=tuple(names for primary, unique, names in indexes if unique and not primary),
        indexes=tuple(dict.fromkeys(names for _, _, names in indexes)),
        partition_key=(scheme[0][0] or "") if scheme else "",
        hazards=tuple((kind or "", name or "") for kind, name in session.run(_HAZARDS.text, given).rows),
    )
    if not scheme:
        return TableFacts(structure=structure, statistics=statistics)
    placed = replace(statistics, partitions=with_bounds(session, given, statistics.partitions))
    return TableFacts(structure=structure, statistics=placed, partitioning=read_partitioning(session, given))


def _column(
    name: str | None, native: str | None, nullable: str | None, generated: str | None, identity: str | None
) -> Column:
    return Column(
        name=name or "",
        type=parse_type(native or ""),
        native=native or "",
        nullable=nullable == "1",
        generated=generated == "1",
        identity=identity == "1",
    )


def _indexes(rows: Rows) -> list[tuple[bool, bool, tuple[str, ...]]]:
    """(primary, unique, columns in order) of each index."""
    found: dict[str, tuple[bool, bool, list[str]]] = {}
    for primary, unique, number, name in rows:
        entry = found.setdefault(number or "", (primary == "1", unique == "1", []))
        entry[2].append(name or "")
    return [(primary, unique, tuple(names)) for primary, unique, names in found.values()]


def _statistics(sizes: Rows, *, partitioned: bool) -> TableStatistics:
    parts = tuple(PartitionStat(id=n or "", rows=int(rows or 0), bytes=int(size or 0)) for n, rows, size in sizes)
    return TableStatistics(
        rows=sum(part.rows or 0 for part in parts),
        bytes=sum(part.bytes or 0 for part in parts),
        partitions=parts if partitioned else (),
    )
