"""partition_replace by SWITCH: tables with the partition's structure, place and bound are built where nobody waits; then old rows leave
the target and new ones come, as metadata, in the transaction of the state.

https://learn.microsoft.com/en-us/sql/t-sql/statements/alter-table-transact-sql#switch
What the tables must have in common: https://learn.microsoft.com/en-us/previous-versions/sql/sql-server-2008-r2/ms191160(v=sql.105)
The server compares all of it once more and refuses what differs (Msg 4902 to 4985), before a row has moved.
"""

from __future__ import annotations

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.canonical import digest_pair, stored_rows
from dpone_compiler.backends.mssql.script import (
    MESSAGE,
    counter,
    fenced,
    inside,
    literal,
    mine,
    refuse,
    state_sql,
    statements,
    word,
)
from dpone_compiler.backends.mssql.staging import staging_sql
from dpone_compiler.backends.mssql.switching_parts import bound_type, declared, each, parts, unfit
from dpone_compiler.backends.mssql.switching_tables import COLUMNS, indexes, tables
from dpone_compiler.ir.partitioning import RangePartitioning
from dpone_compiler.plan.actions import BuildPartitions, Staging, SwapPartitions
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, identifier, table
from dpone_compiler.sql.render import Sql, frame, join

_BUILD = """\
<<leftovers>>
<<unfit>>
<<parts>>
  SELECT @dp_expected = [rows_staged], @dp_expected_digest = [digest] FROM <<state>>
<<mine>>
     AND [run_id] = @run_id AND [phase] = N'staged';
<<columns>>
<<each>>
  IF @dp_expected IS NULL OR @dp_built <> @dp_expected
<<other>><<same>>"""

_BUILD_ONE = """\
<<alike>>
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'INSERT INTO '), @dp_new, <<insert>>);
    EXEC sys.sp_executesql @dp_statement, <<bounds>>, @low = @dp_low, @high = @dp_high, @rows = @dp_rows OUTPUT;
    SET @dp_built = @dp_built + @dp_rows;
<<indexes>><<digest>>"""

_DIGEST = """
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), <<before>>), @dp_new, <<after>>);
    EXEC sys.sp_executesql @dp_statement, N'@a decimal(38,0) OUTPUT, @b decimal(38,0) OUTPUT', @a = @dp_a OUTPUT, @b = @dp_b OUTPUT;
    SET @dp_sum_a = @dp_sum_a + @dp_a;
    SET @dp_sum_b = @dp_sum_b + @dp_b;"""

_SAME = """
  IF @dp_expected_digest IS NULL OR @dp_expected_digest <> CONCAT(@dp_sum_a, N':', @dp_sum_b)
<<refuse>>"""

# The lock is taken first, so that what is asked of the catalog stays true until COMMIT.
_SWAP = """\
  SELECT TOP (1) @dp_rows = 1 FROM <<target>> WITH (TABLOCKX, HOLDLOCK);
<<unfit>>
<<parts>>
<<each>>"""

_SWAP_ONE = """\
    IF OBJECT_ID(@dp_new, N'U') IS NULL OR OBJECT_ID(@dp_old, N'U') IS NULL
<<missing>><<inserted>>
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'ALTER TABLE '), <<name>>,
        N' SWITCH PARTITION ', @dp_number, N' TO ', @dp_old, N';');
    EXEC sys.sp_executesql @dp_statement;<<deleted>>
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'ALTER TABLE '), @dp_new,
        N' SWITCH TO ', <<name>>, N' PARTITION ', @dp_number, N';');
    EXEC sys.sp_executesql @dp_statement;"""

# Only a limit on what may be deleted needs to know how many rows leave with the old partitions.
_COUNTED = """
    SET @dp_statement = CONCAT(CONVERT(nvarchar(max), N'SELECT @rows = COUNT_BIG(*) FROM '), <<table>>, N';');
    EXEC sys.sp_executesql @dp_statement, N'@rows bigint OUTPUT', @rows = @dp_rows OUTPUT;
    SET @dp_rows = @dp_rows + <<old>>;
    EXEC sys.sp_set_session_context @key = <<key>>, @value = @dp_rows;"""

_LEFTOVERS = """\
  SET @dp_statement = (
    SELECT N'DROP TABLE ' + <<schema>> + N'.' + QUOTENAME([name]) COLLATE DATABASE_DEFAULT + N'; ' FROM sys.tables
     WHERE [schema_id] = SCHEMA_ID(<<schema_name>>) AND LEFT([name], LEN(<<prefix>>)) = <<prefix>> COLLATE DATABASE_DEFAULT
       AND SUBSTRING([name], LEN(<<prefix>>) + 1, 128) LIKE N'[no][0-9]%'
       AND SUBSTRING([name], LEN(<<prefix>>) + 2, 128) NOT LIKE N'%[^0-9]%'
     ORDER BY [name]
       FOR XML PATH(N''), TYPE).value(N'.', N'nvarchar(max)');
  IF @dp_statement IS NOT NULL EXEC sys.sp_executesql @dp_statement;"""

_PROVING = Sql(
    "  DECLARE @dp_built bigint = 0, @dp_expected bigint, @dp_expected_digest varchar(80);\n"
    "  DECLARE @dp_a decimal(38,0), @dp_b decimal(38,0), @dp_sum_a decimal(38,0) = 0, @dp_sum_b decimal(38,0) = 0;"
)
_AGAIN = "nothing was changed; run again"
_BUILT = (
    "Sch-M on the new tables until they are built; whoever lists tables waits for it",
    "Sch-S on the target while its structure is read",
)
_SWAPPED = (
    "X, then Sch-M on the target and on each new and old table, from the exchange to COMMIT: readers and writers wait; the wait for "
    "those who are there already ends with LOCK_TIMEOUT",
)
_WAITS = "waits from the exchange to COMMIT (Sch-M), then sees the new partitions"
_VISIBLE = {
    "READ COMMITTED": _WAITS,
    "READ COMMITTED SNAPSHOT": _WAITS,
    "SNAPSHOT": "waits (Sch-M); a transaction that began before is then refused (3961)",
    "READ UNCOMMITTED": _WAITS,
}


def build_partitions(ctx: Context, action: BuildPartitions) -> Lowered:
    """Two tables a partition, one with the staged rows and one for the old ones; a batch of its own, repeated whole."""
    content = action.level in ("content", "full")
    facts = partitioning(ctx)
    other = refuse(
        "DP510",
        _AGAIN,
        literal("the new partitions hold "),
        Sql("@dp_built"),
        literal(" rows, staged were "),
        Sql("COALESCE(CONVERT(nvarchar(20), @dp_expected), N'none')"),
    )
    type_ = bound_type(action.partitions.type)
    one = frame(
        _BUILD_ONE,
        alike=tables(ctx, action.partitions),
        insert=_insert(ctx, action),
        bounds=literal(f"@low {type_}, @high {type_}, @rows bigint OUTPUT"),
        indexes=indexes(ctx, facts),
        digest=_digest(action.staging) if content else Sql(""),
    )
    body = frame(
        _BUILD,
        leftovers=_leftovers(ctx),
        unfit=unfit(ctx, facts),
        parts=parts(ctx, facts, action.partitions),
        state=state_sql(ctx.load),
        mine=mine(ctx.load),
        columns=COLUMNS,
        each=each(ctx, one),
        other=other,
        same=_same() if content else Sql(""),
    )
    whole = statements(MESSAGE, declared(ctx, action.partitions), _PROVING, body)
    return Lowered(
        op="sql",
        bodies={"main": fenced(ctx.load, whole).text},
        params=("run_id", "fence", action.partitions.parameter),
        locks=_BUILT,
    )


def swap_partitions(ctx: Context, action: SwapPartitions) -> Lowered:
    """SWITCH of every affected partition out and in, in the finalizer's transaction."""
    facts, target = partitioning(ctx), word(table(names.target(ctx.load)))
    limits = ctx.load.write.limits
    limited = limits.max_delete_ratio is not None or limits.max_delete_rows is not None
    missing = refuse(
        "DP510",
        "the transaction was rolled back; run again",
        literal("the new partition "),
        Sql("@dp_number"),
        literal(" is not there"),
    )
    one = frame(
        _SWAP_ONE,
        name=literal(target.text),
        missing=missing,
        inserted=_counted("rows_inserted", Sql("@dp_new")) if limited else Sql(""),
        deleted=_counted("rows_deleted", Sql("@dp_old")) if limited else Sql(""),
    )
    body = frame(
        _SWAP,
        target=target,
        unfit=unfit(ctx, facts),
        parts=parts(ctx, facts, action.partitions),
        each=each(ctx, one),
    )
    return Lowered(
        op="sql",
        bodies={"main": inside(ctx.load, statements(MESSAGE, declared(ctx, action.partitions), body)).text},
        params=(action.partitions.parameter,),
        locks=_SWAPPED,
        visibility=_VISIBLE,
    )


def drop_retired(ctx: Context) -> Lowered:
    """After COMMIT: the tables with the old rows, and the empty ones that the new rows left."""
    body = statements(Sql("  DECLARE @dp_statement nvarchar(max);"), _leftovers(ctx))
    return Lowered(
        op="sql",
        bodies={"main": fenced(ctx.load, body).text},
        params=("run_id", "fence"),
        locks=("Sch-M on the tables that were taken out of the target",),
    )


def partitioning(ctx: Context) -> RangePartitioning:
    """What the snapshot says; the policy is refused without it."""
    facts = ctx.facts.target_table
    assert facts is not None, "the policy asks for a snapshot"
    assert facts.partitioning is not None, "the policy asks for it"
    return facts.partitioning


def _leftovers(ctx: Context) -> Sql:
    place = names.switched(ctx)
    return frame(
        _LEFTOVERS,
        schema=literal(word(identifier(place.schema)).text),
        schema_name=literal(place.schema),
        prefix=literal(place.name),
    )


def _insert(ctx: Context, action: BuildPartitions) -> Sql:
    """What follows `INSERT INTO <new>`; the bounds are bound."""
    columns = join(", ", [word(identifier(m.target.name)) for m in action.staging.columns])
    statement = frame(
        " WITH (TABLOCK) (<<columns>>) SELECT <<columns>> FROM <<staging>> AS [s] WHERE <<value>> >= @low AND <<value>> < @high;"
        " SET @rows = ROWCOUNT_BIG();",
        columns=columns,
        staging=staging_sql(ctx, action.staging),
        value=word(column(action.partitions.column, "s")),
    )
    return literal(statement.text)


def _digest(staging: Staging) -> Sql:
    """The two sums over one new table: the query's text around its name, which only the run knows."""
    first, second = digest_pair()
    number, mark = 0, "[made]"
    while True:
        rows = stored_rows(staging.columns, frame("<<made>> AS [t]", made=Sql(mark)), "t")
        if rows.text.count(mark) == 1:
            break
        number, mark = number + 1, f"[made{number}]"
    query = frame("SELECT @a = <<a>>, @b = <<b>> FROM <<rows>>;", a=first, b=second, rows=rows)
    before, after = query.text.split(mark)
    return frame(_DIGEST, before=literal(before), after=literal(after))


def _same() -> Sql:
    return frame(
        _SAME,
        refuse=refuse(
            "DP510",
            "nothing was changed; look for column types of the target that round or cut",
            literal("the new partitions hold as many rows as were staged, and not the same ones"),
        ),
    )


def _counted(name: str, of: Sql) -> Sql:
    return frame(_COUNTED, table=of, old=counter(name), key=literal(names.counter(name)))
