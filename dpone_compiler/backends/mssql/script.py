"""Batches around statements: settings, TRY and CATCH, transactions, refusals, counters. Frames, because sqlglot has no T-SQL control flow.

A body is one batch without GO. Parameters are `@names`, all of them texts, declared and bound by sp_executesql; names that a
batch declares itself begin with `@dp_`, so that they never meet a parameter.
https://learn.microsoft.com/en-us/sql/relational-databases/system-stored-procedures/sp-executesql-transact-sql
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.shapes import text
from dpone_compiler.ir.load import Load
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.render import Sql, frame, join, render, render_lines

DIALECT = "tsql"

# The settings that an index on a computed column or an indexed view demands of a writer (Msg 1934), and that make a value too
# long an error: https://learn.microsoft.com/en-us/sql/t-sql/statements/set-quoted-identifier-transact-sql
# XACT_ABORT: an error never leaves half a transaction: https://learn.microsoft.com/en-us/sql/t-sql/statements/set-xact-abort-transact-sql
_BATCH = """\
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT <<timeout>>;
BEGIN TRY
<<body>>
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
"""

_INSIDE = """\
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
<<body>>
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;"""

_ALONE = """\
  IF @@TRANCOUNT <> 0 THROW 50424, N'DP424: this step makes a transaction of its own, and one is open', 1;
  BEGIN TRANSACTION;
<<body>>
  COMMIT TRANSACTION;"""

# The lock on the row is kept until COMMIT, so nobody can take the lease over in between; a beat, which cannot either, passes over a
# row with an update lock and would wait for one with a shared lock. So the transaction prolongs the lease itself, as its last statement:
# however long it took, a rival that has waited for the row finds it held.
_FENCED = """\
<<locks>>  IF NOT EXISTS (SELECT 1 FROM <<state>> WITH (UPDLOCK, HOLDLOCK)
<<mine>>)
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write', 1;
<<body>>
  UPDATE <<state>> SET [lease_until] = DATEADD(second, <<lease>>, SYSUTCDATETIME())
<<mine>>;"""

_NO_LOCKS = Sql("")

_MINE = """\
   WHERE [load] = <<load>> AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id"""

_REFUSE = """\
  BEGIN
    SET @dp_message = REPLACE(CONCAT(<<text>>, <<pieces>>, <<hint>>), N'%', N'%%');
    THROW <<number>>, @dp_message, 1;
  END;"""

_COUNT = """\
  SET @dp_rows = ROWCOUNT_BIG();
  SET @dp_rows = @dp_rows + <<old>>;
  EXEC sys.sp_set_session_context @key = <<key>>, @value = @dp_rows;"""


def sql(tree: exp.Expression) -> Sql:
    """The text of a tree, over several lines where that cannot touch a line break inside a name or a literal."""
    return render_lines(tree, DIALECT)


def word(tree: exp.Expression) -> Sql:
    """The text of a small tree, in one line."""
    return render(tree, DIALECT)


def literal(value: str) -> Sql:
    """A Unicode literal."""
    return render(text(value), DIALECT)


def statements(*parts: Sql) -> Sql:
    """Statements one after another."""
    return join("\n", parts)


def state_sql(load: Load) -> Sql:
    """The state table's name."""
    return word(table(names.state(load)))


def mine(load: Load) -> Sql:
    """WHERE: our row, as long as the lease is ours and the token is the newest."""
    return frame(_MINE, load=literal(load.name))


def batch(load: Load, body: Sql) -> Sql:
    """The batch: settings, the body, and a CATCH that rolls back and throws again."""
    timeout = Sql(str(int(load.write.limits.lock_timeout) * 1000))
    return frame(_BATCH, timeout=timeout, body=body)


def inside(load: Load, body: Sql) -> Sql:
    """A batch of a transaction that neighbouring steps share; the executor begins and commits it."""
    return batch(load, frame(_INSIDE, body=body))


def alone(load: Load, body: Sql) -> Sql:
    """A batch that is one transaction."""
    return batch(load, frame(_ALONE, body=body))


def fenced(load: Load, body: Sql, locks: Sql = _NO_LOCKS) -> Sql:
    """A batch that is one transaction, and writes only while the lease is ours. `locks`: what has to be taken before the state row."""
    lease = Sql(str(int(load.write.limits.lease_seconds)))
    return alone(load, frame(_FENCED, locks=locks, state=state_sql(load), mine=mine(load), body=body, lease=lease))


def refuse(code: str, hint: str, *pieces: Sql) -> Sql:
    """A block that throws our code; error numbers from 50000 are a user's. `pieces`: literals and variables. Needs @dp_message.

    A percent sign in a message of THROW must be doubled.

    https://learn.microsoft.com/en-us/sql/t-sql/language-elements/throw-transact-sql
    """
    return frame(
        _REFUSE,
        text=literal(f"{code}: "),
        pieces=join(", ", pieces),
        hint=literal(f"; {hint}"),
        number=Sql(str(50000 + int(code.removeprefix("DP")))),
    )


def counter(name: str) -> Sql:
    """A count kept by an earlier step of the same transaction; 0 when there was none."""
    return frame("COALESCE(CONVERT(bigint, SESSION_CONTEXT(<<key>>)), 0)", key=literal(names.counter(name)))


def count_affected(name: str) -> Sql:
    """Right after a statement: add its rows to a counter. Needs @dp_rows.

    https://learn.microsoft.com/en-us/sql/relational-databases/system-stored-procedures/sp-set-session-context-transact-sql
    """
    return frame(_COUNT, key=literal(names.counter(name)), old=counter(name))


MESSAGE = Sql("  DECLARE @dp_message nvarchar(2048);")


def listed(pieces: list[Sql]) -> Sql:
    """Pieces after one another with commas."""
    return join(", ", pieces)
