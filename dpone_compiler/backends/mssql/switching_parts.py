"""The affected partitions of a SWITCH: which number each has in the target, and what the target must still be for it."""

from __future__ import annotations

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.predicates import UNITS, from_wall
from dpone_compiler.backends.mssql.script import literal, refuse, word
from dpone_compiler.backends.mssql.shapes import parameter, shape
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.interval import PartitionSet
from dpone_compiler.ir.partitioning import RangePartitioning
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.identifiers import identifier, table
from dpone_compiler.sql.render import Sql, frame, join

_DECLARE = """\
  DECLARE @dp_target int = OBJECT_ID(<<target>>, N'U'), @dp_problems nvarchar(max), @dp_bad nvarchar(450), @dp_rows bigint;
  DECLARE @dp_statement nvarchar(max), @dp_new nvarchar(520), @dp_old nvarchar(520);
  DECLARE @dp_nth int, @dp_number int, @dp_low <<type>>, @dp_high <<type>>;
  DECLARE @dp_parts TABLE ([nth] int NOT NULL PRIMARY KEY, [value] nvarchar(450) NULL, [low] <<type>> NULL, [high] <<type>> NULL,
                           [number] int NULL);"""

# A bound is a sql_variant, and functions of other tables have bounds of other types: TRY_CONVERT, because the server may convert
# them before it has looked at whose they are.
_PARTS = """\
  INSERT INTO @dp_parts ([nth], [value], [low], [high])
  SELECT CONVERT(int, j.[key]) + 1, j.[value], <<low>>, <<high>>
    FROM OPENJSON(<<listed>>) AS j;
  UPDATE e SET [number] = l.[boundary_id] + 1
    FROM @dp_parts AS e
   INNER JOIN sys.partition_functions AS f ON f.[name] = <<function>>
   INNER JOIN sys.partition_range_values AS l ON l.[function_id] = f.[function_id] AND l.[parameter_id] = 1
          AND TRY_CONVERT(<<type>>, l.[value]) = e.[low]
   INNER JOIN sys.partition_range_values AS h ON h.[function_id] = f.[function_id] AND h.[parameter_id] = 1
          AND h.[boundary_id] = l.[boundary_id] + 1 AND TRY_CONVERT(<<type>>, h.[value]) = e.[high];
  SELECT TOP (1) @dp_bad = COALESCE([value], N'null') FROM @dp_parts WHERE [number] IS NULL ORDER BY [nth];
  IF @dp_bad IS NOT NULL
<<none>>"""

_EACH = """\
  SET @dp_nth = (SELECT MIN([nth]) FROM @dp_parts);
  WHILE @dp_nth IS NOT NULL
  BEGIN
    SELECT @dp_number = [number], @dp_low = [low], @dp_high = [high] FROM @dp_parts WHERE [nth] = @dp_nth;
    SET @dp_new = <<schema>> + N'.' + QUOTENAME(<<prefix>> + N'n' + CONVERT(nvarchar(10), @dp_nth));
    SET @dp_old = <<schema>> + N'.' + QUOTENAME(<<prefix>> + N'o' + CONVERT(nvarchar(10), @dp_nth));
<<body>>
    SET @dp_nth = (SELECT MIN([nth]) FROM @dp_parts WHERE [nth] > @dp_nth);
  END;"""

_ENDS = {unit: f"DATEADD({word_}, 1, :low)" for unit, word_ in UNITS.items()}

# What SWITCH does not ask for and would pass by, and what the plan was made for. Names of the catalog may have another collation
# than the database's.
_UNFIT = """\
  SET @dp_problems = (
    SELECT N'; ' + o.[what] COLLATE DATABASE_DEFAULT FROM (
      SELECT N'trigger ' + [name] COLLATE DATABASE_DEFAULT AS [what] FROM sys.triggers
       WHERE [parent_id] = @dp_target AND [is_disabled] = 0
      UNION ALL
      SELECT N'foreign key ' + [name] COLLATE DATABASE_DEFAULT FROM sys.foreign_keys
       WHERE [parent_object_id] = @dp_target OR [referenced_object_id] = @dp_target
      UNION ALL
      SELECT N'CHECK constraint ' + [name] COLLATE DATABASE_DEFAULT + N' that was not checked' FROM sys.check_constraints
       WHERE [parent_object_id] = @dp_target AND ([is_disabled] = 1 OR [is_not_trusted] = 1)
      UNION ALL
      SELECT N'a column that the plan does not know' FROM sys.columns WHERE [object_id] = @dp_target
       HAVING COUNT(*) <> <<columns>>
      UNION ALL
      SELECT N'index ' + i.[name] COLLATE DATABASE_DEFAULT FROM sys.indexes AS i
       WHERE i.[object_id] = @dp_target AND i.[index_id] > 0 AND i.[is_hypothetical] = 0<<known>>
      UNION ALL
      SELECT N'its partition function' WHERE NOT EXISTS (
        SELECT 1 FROM sys.indexes AS i
         INNER JOIN sys.partition_schemes AS s ON s.[data_space_id] = i.[data_space_id]
         INNER JOIN sys.partition_functions AS f ON f.[function_id] = s.[function_id]
         INNER JOIN sys.index_columns AS k ON k.[object_id] = i.[object_id] AND k.[index_id] = i.[index_id] AND k.[partition_ordinal] = 1
         INNER JOIN sys.columns AS c ON c.[object_id] = k.[object_id] AND c.[column_id] = k.[column_id]
         WHERE i.[object_id] = @dp_target AND i.[index_id] IN (0, 1) AND f.[name] = <<function>>
           AND f.[boundary_value_on_right] = 1 AND c.[name] = <<column>>)
      UNION ALL
      SELECT N'security policy' FROM sys.security_predicates WHERE [target_object_id] = @dp_target
      UNION ALL
      SELECT N'change tracking' FROM sys.change_tracking_tables WHERE [object_id] = @dp_target
      UNION ALL
      SELECT N'replication, capture or history' FROM sys.tables
       WHERE [object_id] = @dp_target AND ([is_replicated] = 1 OR [is_published] = 1 OR [is_merge_published] = 1
             OR [is_tracked_by_cdc] = 1 OR [temporal_type] <> 0)
    ) AS o
     ORDER BY o.[what]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_target IS NULL OR @dp_problems IS NOT NULL
<<refuse>>"""
_KNOWN = """
         AND NOT EXISTS (SELECT 1 FROM (VALUES <<names>>) AS e ([name]) WHERE e.[name] = i.[name] COLLATE DATABASE_DEFAULT)"""


def each(ctx: Context, body: Sql) -> Sql:
    """A loop over the listed partitions, in order; `body` finds their number, bounds and the names of both tables in variables."""
    place = names.switched(ctx)
    return frame(_EACH, schema=literal(word(identifier(place.schema)).text), prefix=literal(place.name), body=body)


def bound_type(type_: DataType) -> str:
    """The type that bounds are compared in: every value of the column is a value of it."""
    if type_.kind is Kind.DATE:
        return "date"
    return "datetimeoffset(7)" if type_.tz else "datetime2(7)"


def declared(ctx: Context, partitions: PartitionSet) -> Sql:
    """The variables of both steps."""
    type_ = Sql(bound_type(partitions.type))
    return frame(_DECLARE, target=literal(word(table(names.target(ctx.load))).text), type=type_)


def parts(ctx: Context, facts: RangePartitioning, partitions: PartitionSet) -> Sql:
    """Fills @dp_parts; DP506 where a partition of the list has no partition of the target for itself."""
    low = from_wall(shape("j.[value]"), partitions.type)
    hint = (
        f"nothing was changed; split partition function {facts.function} there (ALTER PARTITION FUNCTION, SPLIT RANGE), "
        "or say merge_policy: delete_insert"
    )
    return frame(
        _PARTS,
        low=word(low),
        high=word(shape(_ENDS.get(partitions.unit, _ENDS["day"]), low=low)),
        listed=word(parameter(partitions.parameter)),
        function=literal(facts.function),
        type=Sql(bound_type(partitions.type)),
        none=refuse(
            "DP506",
            hint,
            literal(f"{names.target(ctx.load)} has no partition that holds "),
            Sql("@dp_bad"),
            literal(f" ({partitions.unit}) and nothing else"),
        ),
    )


def unfit(ctx: Context, facts: RangePartitioning) -> Sql:
    """DP420 where the target is not what the catalog showed any more, or something hangs on it."""
    target = ctx.facts.target_table
    assert target is not None, "the policy asks for a snapshot"
    known = [frame("(<<name>>)", name=literal(index.name)) for index in facts.indexes]
    return frame(
        _UNFIT,
        columns=Sql(str(len(target.structure.columns))),
        known=frame(_KNOWN, names=join(", ", known)) if known else Sql(""),
        function=literal(facts.function),
        column=literal(facts.column),
        refuse=refuse(
            "DP420",
            "nothing was changed; run dponec introspect, compile again and review the new plan",
            literal(f"partitions of {names.target(ctx.load)} cannot be exchanged: "),
            Sql("STUFF(LEFT(@dp_problems, 900), 1, 2, N'')"),
        ),
    )
