"""CheckTable: refuse when a column that this plan uses is gone or has another type, and when something has come to the target that the

plan would lose: a column that it does not write, or a foreign key that deletes along.
"""

from __future__ import annotations

from collections.abc import Iterable

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.script import MESSAGE, batch, literal, refuse, statements, word
from dpone_compiler.ir.load import Load, MovedColumn
from dpone_compiler.ir.schema import Column, TableFacts, TableStructure
from dpone_compiler.plan.actions import CheckTable
from dpone_compiler.plan.step import Plan
from dpone_compiler.plan.written_again import takes_rows, writes_again
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.spi.technical import own_columns
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.mssql_catalog import BASE_TYPE, COLUMN_TYPE
from dpone_compiler.sql.mssql_native import NativeTypeError, read_native
from dpone_compiler.sql.render import Sql, frame, join

_BODY = """\
  DECLARE @dp_object int, @dp_problems nvarchar(max);
  SET @dp_object = COALESCE(OBJECT_ID(<<name>>, N'U'), OBJECT_ID(<<name>>, N'V'));
  IF @dp_object IS NULL
<<missing>>
  SET @dp_problems = (
    SELECT N'; ' + p.[problem] FROM (
      SELECT CASE
          WHEN e.[name] IS NULL<<lacking>> THEN NULL
          WHEN c.[name] IS NULL THEN CONCAT(N'column ', e.[name], N' is gone')
          WHEN <<found>> <> e.[type] THEN CONCAT(N'column ', e.[name], N' is ', <<found>>, N', the plan was made for ', e.[type])
          WHEN e.[required] = 1 AND c.is_nullable = 1 THEN CONCAT(N'column ', e.[name], N' may be NULL now')
          WHEN e.[written] = 1 AND (c.is_computed = 1 OR c.generated_always_type <> 0 OR c.system_type_id = 189)
            THEN CONCAT(N'column ', e.[name], N' is computed now')
        END AS [problem]
        FROM (VALUES
          <<columns>>
        ) AS e ([name], [type], [required], [written])
        LEFT JOIN sys.columns AS c ON c.[object_id] = @dp_object AND c.[name] = e.[name] COLLATE DATABASE_DEFAULT
        LEFT JOIN sys.types AS b ON <<base>><<added>>
    ) AS p
     WHERE p.[problem] IS NOT NULL
     ORDER BY p.[problem]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_problems IS NOT NULL
<<drifted>>"""

_ADDED = """
      UNION ALL
      SELECT CONCAT(N'column ', c.[name], N' is new, NOT NULL and has no default, and the plan does not write it')
        FROM sys.columns AS c
       WHERE c.[object_id] = @dp_object AND c.is_nullable = 0 AND c.default_object_id = 0 AND c.is_identity = 0
         AND c.is_computed = 0 AND c.generated_always_type = 0 AND c.system_type_id <> 189
         AND NOT EXISTS (SELECT 1 FROM (VALUES <<written>>) AS w ([name]) WHERE w.[name] = c.[name] COLLATE DATABASE_DEFAULT)"""

# A row that is copied, or deleted and inserted again, keeps the columns that the plan lists.
_LOST = """
      UNION ALL
      SELECT CONCAT(N'column ', c.[name], N' is new, and rows that this plan writes again would lose it')
        FROM sys.columns AS c
       WHERE c.[object_id] = @dp_object AND (c.is_nullable = 1 OR c.default_object_id <> 0 OR c.is_identity = 1)
         AND c.is_computed = 0 AND c.generated_always_type = 0 AND c.system_type_id <> 189
         AND NOT EXISTS (SELECT 1 FROM (VALUES <<known>>) AS w ([name]) WHERE w.[name] = c.[name] COLLATE DATABASE_DEFAULT)"""

_CASCADES = """
      UNION ALL
      SELECT CONCAT(N'foreign key ', k.[name], N' is new, and deleted rows would change or take along rows of that table')
        FROM (SELECT CONCAT(f.[name], N' of ', OBJECT_SCHEMA_NAME(f.[parent_object_id]), N'.', OBJECT_NAME(f.[parent_object_id])) AS [name]
                FROM sys.foreign_keys AS f
               WHERE f.[referenced_object_id] = @dp_object AND f.[parent_object_id] <> @dp_object
                 AND f.[delete_referential_action] <> 0) AS k
       WHERE NOT EXISTS (SELECT 1 FROM (VALUES <<known>>) AS w ([name]) WHERE w.[name] = k.[name] COLLATE DATABASE_DEFAULT)"""

# All of them are still to be added, or each is as any other.
_LACKING = """
            OR (e.[name] IN (<<names>>) AND NOT EXISTS (
                  SELECT 1 FROM sys.columns AS l WHERE l.[object_id] = @dp_object AND l.[name] IN (<<names>>)))"""

_SHOWN = Sql("STUFF(LEFT(@dp_problems, 900), 1, 2, N'')")
# VALUES needs a row; the name of none is the name of no column, and it asks nothing. A bare NULL would be an int there.
_NOTHING = Sql("(CONVERT(sysname, NULL), CONVERT(nvarchar(200), NULL), 0, 0)")


def check_table(ctx: Context, action: CheckTable) -> Lowered:
    """A batch that throws DP420 and names every column that drifted."""
    source = action.side == "source"
    facts = ctx.facts.source_table if source else ctx.facts.target_table
    moved = ctx.load.decisions.columns if isinstance(ctx.load.decisions.columns, tuple) else ()
    used = _source_columns(ctx.load, moved, facts) if source else (*(m.target for m in moved), *own_columns(ctx))
    required = _required(ctx.load, source)
    ref = names.source(action.table)
    come = [] if source or not used else [frame(_ADDED, written=_names(column.name for column in used))]
    if not source and facts is not None:
        come += _lost(ctx.plan, facts.structure, used)
    rows = [_expected(column, column.name in required and not column.nullable, not source) for column in used]
    side = "source" if source else "target"
    gone = f"the {side} table {ref} is not there, or this login may not see it"
    body = frame(
        _BODY,
        name=literal(word(table(ref)).text),
        missing=refuse("DP420", "create the table, or run dponec introspect and compile again", literal(gone)),
        found=COLUMN_TYPE,
        base=BASE_TYPE,
        columns=join(",\n          ", rows or [_NOTHING]),
        added=join("", come),
        lacking=_lacking(action),
        drifted=refuse(
            "DP420",
            "run dponec introspect, compile again and review the new plan",
            literal(f"the {side} table {ref} has changed: "),
            _SHOWN,
        ),
    )
    return Lowered(op="sql", bodies={"main": batch(ctx.load, statements(MESSAGE, body)).text})


def _lost(plan: Plan, structure: TableStructure, used: tuple[Column, ...]) -> list[Sql]:
    """What the snapshot did not show, where rows of it or rows beside it would be lost."""
    found = []
    if writes_again(plan):
        known = {column.name for column in (*structure.columns, *used)}
        found.append(frame(_LOST, known=_names(sorted(known))))
    if takes_rows(plan):
        shown = [name for kind, name in structure.hazards if kind == "incoming_foreign_key"]
        found.append(frame(_CASCADES, known=_names(shown or [""])))
    return found


def _names(listed: Iterable[str]) -> Sql:
    return join(", ", [frame("(<<name>>)", name=literal(name)) for name in listed])


def _lacking(action: CheckTable) -> Sql:
    listed = join(", ", [literal(name) for name in action.may_lack])
    return frame(_LACKING, names=listed) if action.may_lack else Sql("")


def _expected(column: Column, required: bool, written: bool) -> Sql:
    return frame(
        "(<<name>>, <<type>>, <<required>>, <<written>>)",
        name=literal(column.name),
        type=literal(_spelling(column.native)),
        required=Sql("1" if required else "0"),
        written=Sql("1" if written and not column.generated else "0"),
    )


def _spelling(native: str) -> str:
    try:
        return read_native(native).text
    except NativeTypeError:
        return native


def _source_columns(load: Load, moved: tuple[MovedColumn, ...], facts: TableFacts | None) -> tuple[Column, ...]:
    """Columns that are moved, and those that the filter, an expression, the cursor or the partition reads."""
    known = {column.name: column for column in facts.structure.columns} if facts else {}
    used = {m.source.name: m.source for m in moved if m.sql is None and not m.cast}
    named = {name for m in moved if m.sql is not None for name in m.sql.columns}
    named |= {m.source.name for m in moved if m.sql is None and m.cast}  # the table has it in a type of its own
    named |= set(getattr(load.read.where, "columns", ()))
    if load.read.cursor is not None:
        named.add(load.read.cursor.column)
    used.update({name: known[name] for name in named if name in known})
    return tuple(used[name] for name in sorted(used))


def _required(load: Load, source: bool) -> frozenset[str]:
    """Columns whose NOT NULL the plan relies on: a cursor without a policy for NULL is the one."""
    cursor = load.read.cursor
    relies = source and cursor is not None and cursor.nulls != "always_read"
    return frozenset((cursor.column,)) if relies and cursor is not None else frozenset()
