"""Tables that can take a partition's place, or its rows: its columns, indexes, constraints, compression and filegroup.

Columns are spelled from the server's own catalog, so that type, collation and NULL are exactly those of the target; large values
lie with the rows. https://learn.microsoft.com/en-us/sql/t-sql/statements/create-table-transact-sql
"""

from __future__ import annotations

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.script import literal, statements, word
from dpone_compiler.backends.mssql.switching_parts import bound_type
from dpone_compiler.ir.interval import PartitionSet
from dpone_compiler.ir.partitioning import CLUSTERED, NONCLUSTERED, PRIMARY_KEY, UNIQUE, IndexFacts, RangePartitioning
from dpone_compiler.ir.schema import Column
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.identifiers import identifier
from dpone_compiler.sql.mssql_catalog import BASE_TYPE, COLUMN_TYPE
from dpone_compiler.sql.mssql_native import read_native
from dpone_compiler.sql.render import Sql, frame, join

# decimal and numeric are two types to SWITCH (4944), though one to everybody else.
_COLUMNS = """\
  DECLARE @dp_columns nvarchar(max), @dp_place nvarchar(258), @dp_packed nvarchar(60), @dp_from nvarchar(40), @dp_to nvarchar(40);
  SET @dp_columns = (
    SELECT N', ' + QUOTENAME(c.[name]) COLLATE DATABASE_DEFAULT + N' '
           + CASE WHEN b.[name] = N'numeric' THEN CONCAT(N'numeric(', c.[precision], N',', c.[scale], N')') ELSE <<type>> END
             COLLATE DATABASE_DEFAULT
           + COALESCE(N' COLLATE ' + c.[collation_name] COLLATE DATABASE_DEFAULT, N'')
           + CASE WHEN c.[is_nullable] = 1 THEN N' NULL' ELSE N' NOT NULL' END
      FROM sys.columns AS c INNER JOIN sys.types AS b ON <<base>>
     WHERE c.[object_id] = @dp_target ORDER BY c.[column_id]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  SET @dp_columns = STUFF(@dp_columns, 1, 2, N'');"""
COLUMNS = frame(_COLUMNS, type=COLUMN_TYPE, base=BASE_TYPE)
"""Sets @dp_columns, and declares what the other statements here use."""

# The old rows obey the constraints that they leave; only what comes in has to prove it (4971).
_TABLES = """\
<<place>>
<<tables>>
    SELECT @dp_from = <<low>>, @dp_to = <<high>>;
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'ALTER TABLE '), @dp_new, N' WITH CHECK ADD CONSTRAINT ',
        QUOTENAME(CONCAT(<<prefix>>, N'n', @dp_nth, N'b')), <<check>>, @dp_from, <<below>>, @dp_to, N''');');
    EXEC sys.sp_executesql @dp_statement;
    SET @dp_statement = (
      SELECT N'ALTER TABLE ' + @dp_new + N' WITH CHECK ADD CHECK ' + c.[definition] COLLATE DATABASE_DEFAULT + N'; '
        FROM sys.check_constraints AS c WHERE c.[parent_object_id] = @dp_target ORDER BY c.[object_id]
         FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
    IF @dp_statement IS NOT NULL EXEC sys.sp_executesql @dp_statement;"""

# Where the partition lies, and how it is packed: the table's own, or those of one of its indexes.
_PLACE = """\
    SELECT @dp_place = NULL, @dp_packed = NULL;
    SELECT @dp_place = QUOTENAME(g.[name]), @dp_packed = p.[data_compression_desc]
      FROM sys.indexes AS i
     INNER JOIN sys.partitions AS p ON p.[object_id] = i.[object_id] AND p.[index_id] = i.[index_id] AND p.[partition_number] = @dp_number
     INNER JOIN sys.destination_data_spaces AS d ON d.[partition_scheme_id] = i.[data_space_id] AND d.[destination_id] = @dp_number
     INNER JOIN sys.filegroups AS g ON g.[data_space_id] = d.[data_space_id]
     WHERE i.[object_id] = @dp_target AND <<which>>;"""

_TABLE = """\
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'CREATE TABLE '), <<made>>, N' (', @dp_columns, N') ON ', @dp_place,<<large>>
        N' WITH (DATA_COMPRESSION = ', @dp_packed, N');');
    EXEC sys.sp_executesql @dp_statement;"""
_LARGE = " N' TEXTIMAGE_ON ', @dp_place,"

_INDEX = """\
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'CREATE <<kind>> INDEX '), <<name>>, N' ON ', <<made>>, <<columns>>,
        N' WITH (DATA_COMPRESSION = ', @dp_packed, N') ON ', @dp_place, N';');
    EXEC sys.sp_executesql @dp_statement;"""
_CONSTRAINT = """\
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'ALTER TABLE '), <<made>>, N' ADD CONSTRAINT ',
        QUOTENAME(CONCAT(<<prefix>>, <<side>>, @dp_nth, <<number>>)), N' <<kind>>', <<columns>>,
        N' WITH (DATA_COMPRESSION = ', @dp_packed, N') ON ', @dp_place, N';');
    EXEC sys.sp_executesql @dp_statement;"""
_SIDES = ((Sql("N'n'"), Sql("@dp_new")), (Sql("N'o'"), Sql("@dp_old")))
_KINDS = {
    (PRIMARY_KEY, CLUSTERED): Sql("PRIMARY KEY CLUSTERED"),
    (PRIMARY_KEY, NONCLUSTERED): Sql("PRIMARY KEY NONCLUSTERED"),
    (UNIQUE, CLUSTERED): Sql("UNIQUE CLUSTERED"),
    (UNIQUE, NONCLUSTERED): Sql("UNIQUE NONCLUSTERED"),
    (True, CLUSTERED): Sql("UNIQUE CLUSTERED"),
    (True, NONCLUSTERED): Sql("UNIQUE NONCLUSTERED"),
    (False, CLUSTERED): Sql("CLUSTERED"),
    (False, NONCLUSTERED): Sql("NONCLUSTERED"),
}
# A bound in the ISO form that every language reads alike, as a constant: a CHECK of another form proves nothing to SWITCH (4982).
_CHECK = " CHECK (<<column>> IS NOT NULL AND <<column>> >= '"
_WRITTEN = {
    "date": "CONVERT(nvarchar(40), <<bound>>, 23)",
    "datetime2(7)": "CONVERT(nvarchar(40), CONVERT(datetime2(0), <<bound>>), 126)",
    "datetimeoffset(7)": "CONVERT(nvarchar(40), CONVERT(datetime2(0), <<bound>>), 126) + N'+00:00'",
}


def tables(ctx: Context, partitions: PartitionSet) -> Sql:
    """Both tables of the partition @dp_number; the new one obeys what the target does, and holds @dp_low to @dp_high alone."""
    target = ctx.facts.target_table
    assert target is not None, "the policy asks for a snapshot"
    bounded = word(identifier(partitions.column))
    large = any(_large(column) for column in target.structure.columns)
    written = _WRITTEN[bound_type(partitions.type)]
    return frame(
        _TABLES,
        place=frame(_PLACE, which=Sql("i.[index_id] IN (0, 1)")),
        tables=statements(*(frame(_TABLE, made=made, large=Sql(_LARGE if large else "")) for _, made in _SIDES)),
        prefix=literal(names.switched(ctx).name),
        check=literal(frame(_CHECK, column=bounded).text),
        low=frame(written, bound=Sql("@dp_low")),
        below=literal(frame("' AND <<column>> < '", column=bounded).text),
        high=frame(written, bound=Sql("@dp_high")),
    )


def _large(column: Column) -> bool:
    return read_native(column.native).args == ("max",)


def indexes(ctx: Context, facts: RangePartitioning) -> Sql:
    """Of both tables, each where the partition of the target's index lies."""
    return statements(*(_index(ctx, number, index) for number, index in enumerate(facts.indexes, 1)))


def _index(ctx: Context, number: int, index: IndexFacts) -> Sql:
    place = frame(_PLACE, which=frame("i.[name] = <<name>>", name=literal(index.name)))
    columns, kind = literal(_columns(index).text), _KINDS[index.constraint or index.unique, index.kind]
    if not index.constraint:
        name = literal(word(identifier(index.name)).text)
        return statements(
            place, *(frame(_INDEX, kind=kind, name=name, made=made, columns=columns) for _, made in _SIDES)
        )
    prefix, told = literal(names.switched(ctx).name), literal(f"k{number}")
    return statements(
        place,
        *(
            frame(_CONSTRAINT, made=made, prefix=prefix, side=side, number=told, kind=kind, columns=columns)
            for side, made in _SIDES
        ),
    )


def _columns(index: IndexFacts) -> Sql:
    keys = [
        frame("<<key>><<order>>", key=word(identifier(name)), order=Sql(" DESC" if descends else " ASC"))
        for name, descends in index.columns
    ]
    included = join(", ", [word(identifier(name)) for name in index.included])
    more = frame(" INCLUDE (<<columns>>)", columns=included) if index.included else Sql("")
    return frame(" (<<keys>>)<<more>>", keys=join(", ", keys), more=more)
