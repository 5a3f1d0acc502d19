"""How a table of SQL Server is partitioned, and what an exchange of its partitions (ALTER TABLE … SWITCH) would ask of another table.

What SWITCH asks for: https://learn.microsoft.com/en-us/sql/t-sql/statements/alter-table-transact-sql#switch and
https://learn.microsoft.com/en-us/previous-versions/sql/sql-server-2008-r2/ms191160(v=sql.105). Views and columns of 2016:
https://learn.microsoft.com/en-us/sql/relational-databases/system-catalog-views/sys-partition-range-values-transact-sql
https://learn.microsoft.com/en-us/sql/relational-databases/system-catalog-views/sys-destination-data-spaces-transact-sql
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from dpone_compiler.ir.partitioning import PRIMARY_KEY, UNIQUE, IndexFacts, RangePartitioning
from dpone_compiler.ir.schema import PartitionStat
from dpone_compiler.sql.render import Sql, frame

Rows = tuple[tuple[str | None, ...], ...]


class Answer(Protocol):
    """What a session gives back."""

    @property
    def rows(self) -> Rows:
        """Cells as text."""


class Session(Protocol):
    """The part of a runtime session that is used here."""

    def run(self, body: str, params: Mapping[str, str]) -> Answer:
        """Run one batch."""


_FUNCTION = Sql(
    """SELECT s.[name], f.[name], c.[name], CONVERT(nvarchar(1), f.[boundary_value_on_right])
  FROM sys.indexes AS i
  JOIN sys.partition_schemes AS s ON s.[data_space_id] = i.[data_space_id]
  JOIN sys.partition_functions AS f ON f.[function_id] = s.[function_id]
  JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[partition_ordinal] = 1
  JOIN sys.columns AS c ON c.[object_id] = k.[object_id] AND c.[column_id] = k.[column_id]
 WHERE i.[object_id] = CONVERT(int, @object) AND i.[index_id] IN (0, 1);"""
)

# Boundary n lies between the partitions n and n + 1. A bound is a sql_variant, whose form as text would depend on the session.
_BOUNDS = """SELECT CONVERT(nvarchar(10), p.[partition_number]), g.[name], p.[data_compression_desc], <<low>>, <<high>>
  FROM sys.partitions AS p
  JOIN sys.indexes AS i ON i.[object_id] = p.[object_id] AND i.[index_id] = p.[index_id]
  JOIN sys.partition_schemes AS s ON s.[data_space_id] = i.[data_space_id]
  JOIN sys.destination_data_spaces AS d ON d.[partition_scheme_id] = s.[data_space_id] AND d.[destination_id] = p.[partition_number]
  JOIN sys.filegroups AS g ON g.[data_space_id] = d.[data_space_id]
  LEFT JOIN sys.partition_range_values AS l ON l.[function_id] = s.[function_id] AND l.[parameter_id] = 1
       AND l.[boundary_id] = p.[partition_number] - 1
  LEFT JOIN sys.partition_range_values AS h ON h.[function_id] = s.[function_id] AND h.[parameter_id] = 1
       AND h.[boundary_id] = p.[partition_number]
 WHERE p.[object_id] = CONVERT(int, @object) AND p.[index_id] IN (0, 1) ORDER BY p.[partition_number];"""
_BOUND = """CASE
         WHEN SQL_VARIANT_PROPERTY(<<value>>, 'BaseType') = N'datetimeoffset'
           THEN CONVERT(nvarchar(40), SWITCHOFFSET(TRY_CONVERT(datetimeoffset(7), <<value>>), '+00:00'), 121)
         WHEN SQL_VARIANT_PROPERTY(<<value>>, 'BaseType') = N'date' THEN CONVERT(nvarchar(40), TRY_CONVERT(date, <<value>>), 23)
         WHEN SQL_VARIANT_PROPERTY(<<value>>, 'BaseType') IN (N'datetime', N'datetime2', N'smalldatetime')
           THEN CONVERT(nvarchar(40), TRY_CONVERT(datetime2(7), <<value>>), 121)
         ELSE CONVERT(nvarchar(400), <<value>>) END"""

# The column that an index is partitioned by has no place of its own in a key that does not name it.
_INDEXES = Sql(
    """SELECT CONVERT(nvarchar(10), i.[index_id]), i.[name], LOWER(i.[type_desc]), CONVERT(nvarchar(1), i.[is_primary_key]),
       CONVERT(nvarchar(1), i.[is_unique_constraint]), CONVERT(nvarchar(1), i.[is_unique]), CONVERT(nvarchar(1), i.[has_filter]),
       CONVERT(nvarchar(1), i.[is_disabled]), CONVERT(nvarchar(1), i.[ignore_dup_key]), d.[name],
       c.[name], CONVERT(nvarchar(10), k.[key_ordinal]), CONVERT(nvarchar(1), k.[is_descending_key]),
       CONVERT(nvarchar(1), k.[is_included_column]), CONVERT(nvarchar(10), k.[partition_ordinal])
  FROM sys.indexes AS i
  LEFT JOIN sys.data_spaces AS d ON d.[data_space_id] = i.[data_space_id]
  LEFT JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id]
  LEFT JOIN sys.columns AS c ON c.[object_id] = k.[object_id] AND c.[column_id] = k.[column_id]
 WHERE i.[object_id] = CONVERT(int, @object) AND i.[index_id] > 0 AND i.[is_hypothetical] = 0
 ORDER BY i.[index_id], k.[key_ordinal], k.[index_column_id];"""
)

_CHECKS = Sql(
    """SELECT c.[name] FROM sys.check_constraints AS c
 WHERE c.[parent_object_id] = CONVERT(int, @object) AND c.[is_disabled] = 0 AND c.[is_not_trusted] = 0 ORDER BY c.[name];"""
)

# Beside the hazards of every table: what a table made anew would lack, or SWITCH refuse.
_OBSTACLES = Sql(
    """SELECT o.[kind], o.[name] FROM (
  SELECT N'foreign_key' AS [kind], f.[name] COLLATE DATABASE_DEFAULT AS [name]
    FROM sys.foreign_keys AS f WHERE f.[parent_object_id] = CONVERT(int, @object)
  UNION ALL
  SELECT N'untrusted_check', c.[name] COLLATE DATABASE_DEFAULT FROM sys.check_constraints AS c
   WHERE c.[parent_object_id] = CONVERT(int, @object) AND (c.[is_disabled] = 1 OR c.[is_not_trusted] = 1)
  UNION ALL
  SELECT N'full_text', OBJECT_NAME(t.[object_id]) COLLATE DATABASE_DEFAULT FROM sys.fulltext_indexes AS t
   WHERE t.[object_id] = CONVERT(int, @object)
  UNION ALL
  SELECT N'read_only_filegroup', g.[name] COLLATE DATABASE_DEFAULT FROM sys.indexes AS i
    JOIN sys.destination_data_spaces AS d ON d.[partition_scheme_id] = i.[data_space_id]
    JOIN sys.filegroups AS g ON g.[data_space_id] = d.[data_space_id]
   WHERE i.[object_id] = CONVERT(int, @object) AND i.[index_id] IN (0, 1) AND g.[is_read_only] = 1
  UNION ALL
  SELECT N'column', CONCAT(c.[name] COLLATE DATABASE_DEFAULT, CASE
           WHEN c.[is_computed] = 1 THEN N' is computed' WHEN c.[is_identity] = 1 THEN N' is an identity'
           WHEN c.[is_sparse] = 1 THEN N' is sparse' WHEN c.[is_column_set] = 1 THEN N' is a column set'
           WHEN c.[is_rowguidcol] = 1 THEN N' is the ROWGUIDCOL' WHEN c.[is_filestream] = 1 THEN N' is kept in files'
           WHEN c.[is_masked] = 1 THEN N' is masked' WHEN c.[encryption_type] IS NOT NULL THEN N' is encrypted'
           WHEN c.[generated_always_type] <> 0 THEN N' is generated' WHEN c.[rule_object_id] <> 0 THEN N' is bound to a rule'
           WHEN c.[is_ansi_padded] = 0 AND c.[system_type_id] IN (165, 167, 173, 175) THEN N' is made under ANSI_PADDING OFF'
           ELSE N' has a type of its own' END)
    FROM sys.columns AS c
   WHERE c.[object_id] = CONVERT(int, @object)
     AND (c.[is_computed] = 1 OR c.[is_identity] = 1 OR c.[is_sparse] = 1 OR c.[is_column_set] = 1 OR c.[is_rowguidcol] = 1
          OR c.[is_filestream] = 1 OR c.[is_masked] = 1 OR c.[encryption_type] IS NOT NULL OR c.[generated_always_type] <> 0
          OR c.[rule_object_id] <> 0 OR (c.[is_ansi_padded] = 0 AND c.[system_type_id] IN (165, 167, 173, 175))
          OR c.[user_type_id] <> c.[system_type_id] OR c.[system_type_id] IN (34, 35, 98, 99, 189, 241))
  UNION ALL
  SELECT N'setting', s.[what] FROM sys.tables AS t CROSS APPLY (VALUES
         (t.[large_value_types_out_of_row], N'large value types out of row'), (t.[is_remote_data_archive_enabled], N'stretched'),
         (t.[is_filetable], N'a file table'), (CONVERT(bit, 1 - t.[uses_ansi_nulls]), N'made under ANSI_NULLS OFF')) AS s ([on], [what])
   WHERE t.[object_id] = CONVERT(int, @object) AND s.[on] = 1
) AS o GROUP BY o.[kind], o.[name] ORDER BY o.[kind], o.[name];"""
)


def read_partitioning(session: Session, given: Mapping[str, str]) -> RangePartitioning | None:
    """Of the table with that object id; None where no partition function cuts it."""
    found = session.run(_FUNCTION.text, given).rows
    if not found:
        return None
    scheme, function, column, right = found[0]
    return RangePartitioning(
        scheme=scheme or "",
        function=function or "",
        column=column or "",
        boundary="right" if right == "1" else "left",
        indexes=tuple(_indexes(session.run(_INDEXES.text, given).rows)),
        checks=tuple(name or "" for (name,) in session.run(_CHECKS.text, given).rows),
        obstacles=tuple((kind or "", name or "") for kind, name in session.run(_OBSTACLES.text, given).rows),
    )


def with_bounds(
    session: Session, given: Mapping[str, str], parts: tuple[PartitionStat, ...]
) -> tuple[PartitionStat, ...]:
    """The partitions with bound, filegroup and compression. A bound is `from LOW to HIGH`; the outer ones have one end."""
    low, high = (frame(_BOUND, value=Sql(f"{side}.[value]")) for side in ("l", "h"))
    known = {row[0]: row for row in session.run(frame(_BOUNDS, low=low, high=high).text, given).rows}
    return tuple(_placed(part, known[part.id]) if part.id in known else part for part in parts)


def _placed(part: PartitionStat, row: tuple[str | None, ...]) -> PartitionStat:
    _, filegroup, compression, low, high = row
    ends = (f"from {low}" if low else "", f"to {high}" if high else "")
    bound = " ".join(end for end in ends if end)
    return replace(part, bound=bound, filegroup=filegroup or "", compression=(compression or "").lower())


_OPTIONS = ("filtered", "disabled", "ignore_dup_key")


def _indexes(rows: Rows) -> Iterable[IndexFacts]:
    """One row a column, the rows of an index together."""
    found: dict[str | None, list[tuple[str | None, ...]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    for columns in found.values():
        _, name, kind, primary, constraint, unique, *options, space = columns[0][:10]
        cut = next((row[10] for row in columns if row[14] not in (None, "0")), None)
        yield IndexFacts(
            name=name or "",
            kind=kind or "",
            constraint=PRIMARY_KEY if primary == "1" else UNIQUE if constraint == "1" else "",
            unique=unique == "1",
            columns=tuple((row[10] or "", row[12] == "1") for row in columns if row[11] not in (None, "0")),
            included=tuple(row[10] or "" for row in columns if row[13] == "1"),
            partitioned_by=f"{space}({cut})" if cut is not None else space or "",
            options=tuple(word for word, on in zip(_OPTIONS, options, strict=True) if on == "1"),
        )
