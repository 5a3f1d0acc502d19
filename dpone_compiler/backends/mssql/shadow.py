"""shadow_swap: the new target is built beside the old one, proved there, and takes its name by sp_rename in the state's transaction.

SELECT … INTO keeps types, collations and NOT NULL of the old table; its key is made anew, its permissions are granted again. What
another table would lose is refused: at compile where the snapshot shows it, and by both steps, which ask the catalog itself.
https://learn.microsoft.com/en-us/sql/relational-databases/system-stored-procedures/sp-rename-transact-sql
"""

from __future__ import annotations

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.script import MESSAGE, fenced, inside, listed, literal, refuse, statements, word
from dpone_compiler.backends.mssql.staging import staging_sql
from dpone_compiler.ir.schema import TableFacts
from dpone_compiler.plan.actions import BuildShadow
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import identifier, table
from dpone_compiler.sql.render import Sql, frame

_DECLARE = """\
  DECLARE @dp_old int = OBJECT_ID(<<target>>, N'U'), @dp_problems nvarchar(max);"""

# Names of the catalog may have another collation than the database's. The catalog hides what a login may not see, as if it were not
# there: foreign keys of other schemas, grants to others, views bound to the table. So who does not see everything swaps nothing.
# https://learn.microsoft.com/en-us/sql/relational-databases/security/metadata-visibility-configuration
_UNFIT = """\
  SET @dp_problems = (
    SELECT N'; ' + o.[what] COLLATE DATABASE_DEFAULT FROM (
      SELECT N'what this login does not see without VIEW DEFINITION in the database (setup/mssql_grants.sql)' AS [what]
       WHERE COALESCE(HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE', N'VIEW DEFINITION'), 0) = 0
      UNION ALL
      SELECT N'trigger ' + [name] COLLATE DATABASE_DEFAULT FROM sys.triggers WHERE [parent_id] = @dp_old
      UNION ALL
      SELECT N'foreign key ' + [name] COLLATE DATABASE_DEFAULT FROM sys.foreign_keys
       WHERE [parent_object_id] = @dp_old OR [referenced_object_id] = @dp_old
      UNION ALL
      SELECT N'constraint ' + [name] COLLATE DATABASE_DEFAULT FROM sys.objects
       WHERE [parent_object_id] = @dp_old AND [type] IN ('C', 'D', 'UQ', 'R')
      UNION ALL
      SELECT N'column ' + [name] COLLATE DATABASE_DEFAULT FROM sys.columns
       WHERE [object_id] = @dp_old
         AND ([is_computed] = 1 OR [is_identity] = 1 OR [is_sparse] = 1 OR [is_rowguidcol] = 1 OR [is_filestream] = 1 OR [is_masked] = 1
              OR [generated_always_type] <> 0 OR [encryption_type] IS NOT NULL OR [xml_collection_id] <> 0
              OR [default_object_id] <> 0 OR [rule_object_id] <> 0 OR [system_type_id] = 189 OR [user_type_id] > 256)
      UNION ALL
      SELECT N'a column that the plan does not know' FROM sys.columns WHERE [object_id] = @dp_old
       HAVING COUNT(*) <> <<columns>>
      UNION ALL
      SELECT N'index ' + COALESCE(i.[name], N'none, it is a heap') COLLATE DATABASE_DEFAULT
        FROM sys.indexes AS i INNER JOIN sys.data_spaces AS d ON d.[data_space_id] = i.[data_space_id]
       WHERE i.[object_id] = @dp_old
         AND (i.[type] <> 1 OR i.[is_primary_key] = 0 OR i.[is_disabled] = 1 OR i.[ignore_dup_key] = 1 OR d.[is_default] = 0)
      UNION ALL
      SELECT N'the order of the key' FROM sys.index_columns
       WHERE [object_id] = @dp_old AND [index_id] = 1 AND [is_descending_key] = 1
      UNION ALL
      SELECT N'compression' FROM sys.partitions WHERE [object_id] = @dp_old AND [data_compression] <> 0
      UNION ALL
      SELECT N'object ' + COALESCE(OBJECT_NAME([referencing_id]), N'') COLLATE DATABASE_DEFAULT FROM sys.sql_expression_dependencies
       WHERE [referenced_id] = @dp_old AND [is_schema_bound_reference] = 1
      UNION ALL
      SELECT N'security policy' FROM sys.security_predicates WHERE [target_object_id] = @dp_old
      UNION ALL
      SELECT N'change tracking' FROM sys.change_tracking_tables WHERE [object_id] = @dp_old
      UNION ALL
      SELECT N'full-text index' FROM sys.fulltext_indexes WHERE [object_id] = @dp_old
      UNION ALL
      SELECT N'extended property ' + [name] COLLATE DATABASE_DEFAULT FROM sys.extended_properties WHERE [class] = 1 AND [major_id] = @dp_old
      UNION ALL
      SELECT N'a revoked permission' FROM sys.database_permissions WHERE [class] = 1 AND [major_id] = @dp_old AND [state] = 'R'
      UNION ALL
      SELECT N'an owner of its own, or replication, capture, history or memory' FROM sys.tables
       WHERE [object_id] = @dp_old
         AND ([principal_id] IS NOT NULL OR [is_replicated] = 1 OR [is_published] = 1 OR [is_tracked_by_cdc] = 1 OR [temporal_type] <> 0
              OR [is_memory_optimized] = 1 OR [is_filetable] = 1 OR [lock_escalation] <> 0)
    ) AS o
     ORDER BY o.[what]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_old IS NULL OR @dp_problems IS NOT NULL
<<refuse>>"""

_BUILD = """\
  IF OBJECT_ID(<<retired_name>>, N'U') IS NOT NULL DROP TABLE <<retired>>;
  IF OBJECT_ID(<<shadow_name>>, N'U') IS NOT NULL DROP TABLE <<shadow>>;
<<unfit>>
  SELECT TOP (0) <<all>>
    INTO <<shadow>>
    FROM <<target>>;
  EXEC sys.sp_executesql <<fill>>;
  EXEC sys.sp_executesql <<add_key>>;"""
# Batches of their own: this one is compiled while the table of an earlier attempt may still be there, with other columns (Msg 207).
# https://learn.microsoft.com/en-us/sql/relational-databases/query-processing-architecture-guide
_FILL = """\
INSERT INTO <<shadow>> WITH (TABLOCK) (<<columns>>)
SELECT <<columns>>
  FROM <<staging>>;"""
_ADD_KEY = "ALTER TABLE <<shadow>> ADD CONSTRAINT <<key_name>> PRIMARY KEY CLUSTERED (<<key>>);"

# The exclusive lock is taken first, so that what is asked of the catalog stays true until COMMIT. Nobody may grant to dbo or to
# himself, and who swaps controls the schema: https://learn.microsoft.com/en-us/sql/t-sql/statements/grant-transact-sql
_EXCHANGE = """\
  DECLARE @dp_rows bigint, @dp_renamed int, @dp_grants nvarchar(max), @dp_key nvarchar(776);
  SELECT @dp_rows = COUNT_BIG(*) FROM <<target>> WITH (TABLOCKX, HOLDLOCK);
  EXEC sys.sp_set_session_context @key = <<deleted>>, @value = @dp_rows;
  SELECT @dp_rows = COUNT_BIG(*) FROM <<shadow>> WITH (TABLOCKX, HOLDLOCK);
  EXEC sys.sp_set_session_context @key = <<inserted>>, @value = @dp_rows;
<<unfit>>
  SET @dp_grants = (
    SELECT CASE p.[state] WHEN 'D' THEN N'DENY ' ELSE N'GRANT ' END + p.[permission_name] COLLATE DATABASE_DEFAULT
           + COALESCE(N' (' + QUOTENAME(c.[name]) COLLATE DATABASE_DEFAULT + N')', N'') + <<on_shadow>>
           + QUOTENAME(g.[name]) COLLATE DATABASE_DEFAULT + CASE p.[state] WHEN 'W' THEN N' WITH GRANT OPTION; ' ELSE N'; ' END
      FROM sys.database_permissions AS p
     INNER JOIN sys.database_principals AS g ON g.[principal_id] = p.[grantee_principal_id]
      LEFT JOIN sys.columns AS c ON c.[object_id] = p.[major_id] AND c.[column_id] = p.[minor_id]
     WHERE p.[class] = 1 AND p.[major_id] = @dp_old AND p.[grantee_principal_id] NOT IN (1, DATABASE_PRINCIPAL_ID())
     ORDER BY g.[name], p.[permission_name], p.[minor_id]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_grants IS NOT NULL EXEC sys.sp_executesql @dp_grants;
  SELECT @dp_key = [name] FROM sys.key_constraints WHERE [parent_object_id] = @dp_old AND [type] = 'PK';
<<renames>>"""
_RENAME = """\
  EXEC @dp_renamed = sys.sp_rename @objname = <<old>>, @newname = <<new>>, @objtype = N'OBJECT';
  IF @dp_renamed <> 0 THROW 50424, N'DP424: sp_rename did not do what it was asked for', 1;"""
_OLD_KEY = """\
  DECLARE @dp_old_key nvarchar(776) = <<schema>> + N'.' + QUOTENAME(@dp_key);"""
_DROP = """\
  IF OBJECT_ID(<<retired_name>>, N'U') IS NOT NULL DROP TABLE <<retired>>;
  IF OBJECT_ID(<<shadow_name>>, N'U') IS NOT NULL DROP TABLE <<shadow>>;"""

_VISIBLE = {
    "READ COMMITTED": "waits from the exchange to COMMIT (Sch-M), then sees the new table",
    "READ COMMITTED SNAPSHOT": "waits from the exchange to COMMIT (Sch-M), then sees the new table",
    "SNAPSHOT": "waits (Sch-M); a transaction that began before is then refused (3961)",
    "READ UNCOMMITTED": "waits from the exchange to COMMIT (Sch-M), then sees the new table",
}
_HANGING = {
    "trigger": "trigger {} would not fire",
    "instead_of_trigger": "trigger {} would not fire",
    "incoming_foreign_key": "{} refers to it",
    "untrusted_foreign_key": "foreign key {} would be lost",
    "indexed_view": "indexed view {} is bound to it",
    "temporal": "it keeps its history in {}",
    "history_table": "it is the history of {}",
    "change_data_capture": "change data capture reads it",
    "change_tracking": "change tracking is on",
    "replication": "it is published",
    "security_policy": "security policy {} filters it",
    "memory_optimized": "it is memory-optimised",
    "columnstore": "it is a clustered columnstore",
    "filtered_unique_index": "unique index {} would be lost",
}


def refusal(facts: TableFacts | None) -> str:
    """Why the target cannot be exchanged for another table; '' when the snapshot shows nothing against it."""
    if facts is None:
        return "no catalog snapshot proves what hangs on the target; run `dponec introspect`"
    structure = facts.structure
    if structure.partition_key:
        return "the target is partitioned"
    if not structure.primary_key:
        return "the target has no primary key, which is what a new table gets"
    more = [*structure.unique_keys, *structure.indexes]
    if any(columns != structure.primary_key for columns in more):
        return "the target has other indexes than its primary key, which a new table would not have"
    odd = [c.name for c in structure.columns if c.identity or c.generated]
    if odd:
        return f"column {odd[0]} computes itself, and would not in a new table"
    return "; ".join(_HANGING[kind].format(name) for kind, name in structure.hazards if kind in _HANGING)


def build_shadow(ctx: Context, action: BuildShadow) -> Lowered:
    """A batch of its own before the finalizer's transaction, so that no DDL waits in it; repeating it builds the table anew."""
    facts = ctx.facts.target_table
    assert facts is not None, "the policy asks for a snapshot"
    shadow = word(table(names.swapped(ctx, "new")))
    columns = listed([word(identifier(m.target.name)) for m in action.staging.columns])
    fill = frame(_FILL, shadow=shadow, columns=columns, staging=staging_sql(ctx, action.staging))
    key = listed([word(identifier(name)) for name in facts.structure.primary_key])
    key_name = word(identifier(names.swapped(ctx, "new_key").name))
    body = frame(
        _BUILD,
        unfit=_unfit(ctx),
        target=_target(ctx),
        all=listed([word(identifier(c.name)) for c in facts.structure.columns]),
        fill=literal(fill.text),
        add_key=literal(frame(_ADD_KEY, shadow=shadow, key_name=key_name, key=key).text),
        **_both(ctx),
    )
    return Lowered(
        op="sql",
        bodies={"main": fenced(ctx.load, statements(MESSAGE, body)).text},
        params=("run_id", "fence"),
        locks=(
            "Sch-M on the new table until it is built; whoever lists tables waits for it",
            "Sch-S on the target while its types are read",
        ),
    )


def exchange_tables(ctx: Context) -> Lowered:
    """Permissions are copied under the lock, where nobody can change them any more; then the names are exchanged."""
    target = names.target(ctx.load)
    schema = word(identifier(target.schema)).text
    new, new_key = names.swapped(ctx, "new"), names.swapped(ctx, "new_key")
    renames = statements(
        frame(_OLD_KEY, schema=literal(schema)),
        frame(_RENAME, old=Sql("@dp_old_key"), new=literal(names.swapped(ctx, "old_key").name)),
        frame(_RENAME, old=literal(word(table(new_key)).text), new=Sql("@dp_key")),
        frame(_RENAME, old=literal(_target(ctx).text), new=literal(names.swapped(ctx, "old").name)),
        frame(_RENAME, old=literal(word(table(new)).text), new=literal(target.name)),
    )
    body = frame(
        _EXCHANGE,
        target=_target(ctx),
        shadow=word(table(new)),
        deleted=literal(names.counter("rows_deleted")),
        inserted=literal(names.counter("rows_inserted")),
        unfit=_unfit(ctx),
        on_shadow=literal(f" ON {word(table(new)).text} TO "),
        renames=renames,
    )
    return Lowered(
        op="sql",
        bodies={"main": inside(ctx.load, statements(MESSAGE, body)).text},
        locks=("X, then Sch-M on the target from the exchange to COMMIT: readers and writers wait",),
        visibility=_VISIBLE,
    )


def drop_retired(ctx: Context) -> Lowered:
    """The old table, and one that was built and never came."""
    return Lowered(
        op="sql",
        bodies={"main": fenced(ctx.load, frame(_DROP, **_both(ctx))).text},
        params=("run_id", "fence"),
        locks=("Sch-M on the table that was taken out",),
    )


def _unfit(ctx: Context) -> Sql:
    facts = ctx.facts.target_table
    assert facts is not None, "the policy asks for a snapshot"
    other = refuse(
        "DP420",
        "nothing was changed; run dponec introspect, compile again and review the new plan",
        literal(f"{names.target(ctx.load)} cannot be replaced by another table: "),
        Sql("STUFF(LEFT(@dp_problems, 900), 1, 2, N'')"),
    )
    return statements(
        frame(_DECLARE, target=literal(_target(ctx).text)),
        frame(_UNFIT, columns=Sql(str(len(facts.structure.columns))), refuse=other),
    )


def _both(ctx: Context) -> dict[str, Sql]:
    new, old = (word(table(names.swapped(ctx, role))) for role in ("new", "old"))
    return {"shadow": new, "shadow_name": literal(new.text), "retired": old, "retired_name": literal(old.text)}


def _target(ctx: Context) -> Sql:
    return word(table(names.target(ctx.load)))
