"""CheckTable: refuse when a column that this plan uses is gone or has another type, and when something has come to the target that the

plan would lose: a column that it does not write, or a foreign key that deletes along.
"""

from __future__ import annotations

from collections.abc import Iterable

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.script import do_block, literal
from dpone_compiler.ir.load import Load, MovedColumn
from dpone_compiler.ir.schema import Column, TableFacts, TableStructure
from dpone_compiler.plan.actions import CheckTable, InsertStaged
from dpone_compiler.plan.step import Plan
from dpone_compiler.plan.written_again import takes_rows, writes_again
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.spi.technical import own_columns
from dpone_compiler.sql.postgres_catalog import COLUMN_TYPE
from dpone_compiler.sql.postgres_native import NativeTypeError, read_native
from dpone_compiler.sql.render import Sql, frame, join

_BODY = """\
  SELECT c.oid INTO relation FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname = <<schema>> AND c.relname = <<name>> AND c.relkind IN ('r', 'p', 'v', 'm', 'f');
  IF relation IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420', MESSAGE = <<missing>>,
      HINT = 'create the table, or run dponec introspect and compile again';
  END IF;
  SELECT string_agg(problem, '; ' ORDER BY problem) INTO problems FROM (
    SELECT CASE
        WHEN e.name IS NULL<<lacking>> THEN NULL
        WHEN a.attname IS NULL THEN format('column %I is gone', e.name)
        WHEN <<found>> <> e.type AND format_type(a.atttypid, a.atttypmod) <> e.type
          THEN format('column %I is %s, the plan was made for %s', e.name, <<found>>, e.type)
        WHEN e.required AND NOT a.attnotnull THEN format('column %I may be NULL now', e.name)
        WHEN e.written AND a.attgenerated <> '' THEN format('column %I is generated now', e.name)
      END AS problem
      FROM (VALUES
        <<columns>>
      ) AS e (name, type, required, written)
      LEFT JOIN pg_attribute AS a
        ON a.attrelid = relation AND a.attname = e.name AND a.attnum > 0 AND NOT a.attisdropped<<added>>
  ) AS found;
  IF problems IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'DP420', MESSAGE = <<drifted>> || problems,
      HINT = 'run dponec introspect, compile again and review the new plan';
  END IF;"""

_ADDED = """
    UNION ALL
    SELECT format('column %I is new, NOT NULL and has no default, and the plan does not write it', a.attname)
      FROM pg_attribute AS a
     WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef
       AND a.attidentity = '' AND a.attname NOT IN (<<written>>)"""

# A row that is copied, or deleted and inserted again, keeps the columns that the plan lists.
_LOST = """
    UNION ALL
    SELECT format('column %I is new, and rows that this plan writes again would lose it', a.attname)
      FROM pg_attribute AS a
     WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       AND (NOT a.attnotnull OR a.atthasdef OR a.attidentity <> '') AND a.attname NOT IN (<<known>>)"""

# A partition may be referred to by itself.
_CASCADES = """
    UNION ALL
    SELECT format('foreign key %s is new, and deleted rows would change or take along rows of that table', k.name)
      FROM (SELECT format('%s of %I.%I', f.conname, n.nspname, c.relname) AS name
              FROM pg_constraint AS f JOIN pg_class AS c ON c.oid = f.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE f.contype = 'f' AND f.conparentid = 0 AND f.confdeltype IN ('c', 'n', 'd')
               AND (f.confrelid = relation OR f.confrelid IN (SELECT p.relid FROM pg_partition_tree(relation) AS p))) AS k<<known>>"""

_HEIRS = """
    UNION ALL
    SELECT format('table %s inherits from it now, and a key that is there decides no conflict', h.inhrelid::regclass)
      FROM pg_inherits AS h JOIN pg_class AS c ON c.oid = h.inhparent AND c.relkind = 'r'
     WHERE h.inhparent = relation"""

# All of them are still to be added, or each is as any other.
_LACKING = """
          OR e.name = ANY (ARRAY[<<names>>]) AND NOT EXISTS (
               SELECT FROM pg_attribute AS l
                WHERE l.attrelid = relation AND l.attname = ANY (ARRAY[<<names>>]) AND l.attnum > 0 AND NOT l.attisdropped)"""

_DECLARE = Sql("  relation oid;\n  problems text;")


def check_table(ctx: Context, action: CheckTable) -> Lowered:
    """A DO block that raises DP420 and names every column that drifted."""
    source = action.side == "source"
    facts = ctx.facts.source_table if source else ctx.facts.target_table
    moved = _moved(ctx.load)
    used = _source_columns(ctx.load, moved, facts) if source else (*_target_columns(moved), *own_columns(ctx))
    required = _required(ctx.load, source)
    ref = names.source(action.table)
    come = [] if source or not used else [frame(_ADDED, written=_names(column.name for column in used))]
    if not source and facts is not None:
        come += _lost(ctx.plan, facts.structure, used)
    rows = [_expected(column, column.name in required and not column.nullable, not source) for column in used]
    side = "source" if source else "target"
    body = frame(
        _BODY,
        schema=literal(ref.schema),
        name=literal(ref.name),
        missing=literal(f"the {side} table {ref} is not there, or this role may not see it"),
        drifted=literal(f"the {side} table {ref} has changed: "),
        found=COLUMN_TYPE,
        columns=join(",\n        ", rows or [_NOTHING]),
        lacking=_lacking(action),
        added=join("", come),
    )
    return Lowered(op="sql", bodies={"main": do_block(body, _DECLARE).text + "\n"})


def _lost(plan: Plan, structure: TableStructure, used: tuple[Column, ...]) -> list[Sql]:
    """What the snapshot did not show, where rows of it or rows beside it would be lost."""
    found = [Sql(_HEIRS)] if any(isinstance(s.action, InsertStaged) and s.action.upsert_key for s in plan.steps) else []
    if writes_again(plan):
        known = {column.name for column in (*structure.columns, *used)}
        found.append(frame(_LOST, known=_names(sorted(known))))
    if takes_rows(plan):
        shown = [name for kind, name in structure.hazards if kind == "incoming_foreign_key"]
        unknown = frame("\n     WHERE k.name NOT IN (<<names>>)", names=_names(shown)) if shown else Sql("")
        found.append(frame(_CASCADES, known=unknown))
    return found


def _names(listed: Iterable[str]) -> Sql:
    return join(", ", [literal(name) for name in listed])


def _lacking(action: CheckTable) -> Sql:
    return frame(_LACKING, names=_names(action.may_lack)) if action.may_lack else Sql("")


# VALUES needs a row; a NULL name is no problem.
_NOTHING = Sql("(NULL::text, NULL::text, false, false)")


def _expected(column: Column, required: bool, written: bool) -> Sql:
    return frame(
        "(<<name>>, <<type>>, <<required>>, <<written>>)",
        name=literal(column.name),
        type=literal(_spelling(column.native)),
        required=Sql("true" if required else "false"),
        written=Sql("true" if written and not column.generated else "false"),
    )


def _spelling(native: str) -> str:
    try:
        return read_native(native).text
    except NativeTypeError:
        return native


def _moved(load: Load) -> tuple[MovedColumn, ...]:
    return load.decisions.columns if isinstance(load.decisions.columns, tuple) else ()


def _source_columns(load: Load, moved: tuple[MovedColumn, ...], facts: TableFacts | None) -> tuple[Column, ...]:
    """Columns that are moved, and those that the filter, an expression, the cursor or the partition reads."""
    known = {column.name: column for column in facts.structure.columns} if facts else {}
    used = {m.source.name: m.source for m in moved if m.sql is None and not m.cast}
    named = {name for m in moved if m.sql is not None for name in m.sql.columns}
    named |= {m.source.name for m in moved if m.sql is None and m.cast}  # the table has it in a type of its own
    where = load.read.where
    named |= set(getattr(where, "columns", ()))
    if load.read.cursor is not None:
        named.add(load.read.cursor.column)
    used.update({name: known[name] for name in named if name in known})
    return tuple(used[name] for name in sorted(used))


def _target_columns(moved: tuple[MovedColumn, ...]) -> tuple[Column, ...]:
    return tuple(m.target for m in moved)


def _required(load: Load, source: bool) -> frozenset[str]:
    """Columns whose NOT NULL the plan relies on: a cursor without a policy for NULL is the one."""
    cursor = load.read.cursor
    return (
        frozenset((cursor.column,)) if source and cursor is not None and cursor.nulls != "always_read" else frozenset()
    )
