"""The one spelling of a column's type, from SQL Server's own catalog: what sql/mssql_native.py makes of a text.

Needs `c` (sys.columns) and `b` (sys.types, joined by MSSQL_BASE_TYPE).
https://learn.microsoft.com/en-us/sql/relational-databases/system-catalog-views/sys-columns-transact-sql
"""

from __future__ import annotations

from dpone_compiler.sql.render import Sql

# An alias type is shown as the type that it stands for; CLR types share one system type and keep their own name.
BASE_TYPE = Sql("b.user_type_id = CASE WHEN c.system_type_id = 240 THEN c.user_type_id ELSE c.system_type_id END")
COLUMN_TYPE = Sql(
    "CASE WHEN b.name IN (N'char', N'varchar', N'binary', N'varbinary') THEN"
    " CONCAT(b.name, N'(', CASE WHEN c.max_length = -1 THEN N'max' ELSE CONVERT(nvarchar(5), c.max_length) END, N')')"
    " WHEN b.name IN (N'nchar', N'nvarchar') THEN"
    " CONCAT(b.name, N'(', CASE WHEN c.max_length = -1 THEN N'max' ELSE CONVERT(nvarchar(5), c.max_length / 2) END, N')')"
    " WHEN b.name IN (N'decimal', N'numeric') THEN CONCAT(N'decimal(', c.[precision], N',', c.scale, N')')"
    " WHEN b.name IN (N'time', N'datetime2', N'datetimeoffset') THEN CONCAT(b.name, N'(', c.scale, N')')"
    " WHEN b.name = N'timestamp' THEN N'rowversion' ELSE b.name END"
)
