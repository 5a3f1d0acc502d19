"""Histories: each is built anew from its steps, put in place row by row, and proved inside the transaction.

A step says what holds from a time on: a version of the target, the end after which a key was gone (hash NULL), or a staged row.
Of two steps of one time the newest fact wins. The hash is of the canonical text of the columns that make a version; the proof
compares the values themselves. T-SQL has no IS DISTINCT FROM before 2022: EXISTS (… INTERSECT …) takes NULL as a value, too.
https://learn.microsoft.com/en-us/sql/t-sql/language-elements/set-operators-except-and-intersect-transact-sql
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.mssql import names
from dpone_compiler.backends.mssql.apply import changing, comparable, delete_where
from dpone_compiler.backends.mssql.canonical import content_hash
from dpone_compiler.backends.mssql.marks import instant
from dpone_compiler.backends.mssql.missing import both
from dpone_compiler.backends.mssql.script import MESSAGE, inside, listed, literal, refuse, statements, word
from dpone_compiler.backends.mssql.shapes import convert, shape
from dpone_compiler.backends.mssql.staging import staged_type, staging_sql
from dpone_compiler.expr.types import DataType
from dpone_compiler.ir.interval import HIGH
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.snapshot_actions import BuildVersions, DeleteStale, ProveVersions, Versions
from dpone_compiler.plan.staging import Staging
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, identifier, table
from dpone_compiler.sql.mssql_native import type_tree
from dpone_compiler.sql.predicates import any_null, key_match
from dpone_compiler.sql.render import Sql, frame, join

_FUTURE = """\
  IF EXISTS (SELECT 1 FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK) WHERE <<from>> > @dp_now)
<<refuse>>
"""
_DATED = """\
  IF EXISTS (SELECT 1 FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK)
              WHERE <<current>> <> 0 AND <<to>> IS NOT NULL AND <<ours>>)
<<refuse>>
"""
# The keys are asked for four times, so they are found once. SELECT … INTO keeps the collations of the columns, which CREATE TABLE
# in tempdb would not. The locks of its DDL are in tempdb, where no reader of the target looks.
_CHANGED = """\
<<future>><<ended>>  SELECT DISTINCT <<bare_key>>
    INTO [#dponec_keys]
    FROM (
    SELECT <<news_key>>
      FROM <<staging>> AS [s]
     WHERE NOT EXISTS (
       SELECT 1 FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK)
        WHERE <<match>> AND <<from>> <= <<at>> AND (<<to>> IS NULL OR <<to>> > <<at>>)
          AND EXISTS (SELECT <<new>> INTERSECT SELECT <<old>>))<<gone>>
  ) AS [c];"""
_BUILD = """\
  WITH [steps] AS (
    SELECT <<news_columns>>, <<at>> AS [dponec_at], 2 AS [dponec_rank], <<hash>> AS [dponec_hash]
      FROM <<staging>> AS [s]
     CROSS APPLY (SELECT <<news_values>>) AS [v]
     WHERE EXISTS (SELECT 1 FROM [#dponec_keys] AS [k] WHERE <<news_known>>)
    UNION ALL
    SELECT <<target_columns>>, <<from>>, 1, <<hash>>
      FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK)
     CROSS APPLY (SELECT <<target_values>>) AS [v]
     WHERE EXISTS (SELECT 1 FROM [#dponec_keys] AS [k] WHERE <<target_known>>)
    UNION ALL
    SELECT <<gone_columns>>, <<ended>>, 0, CONVERT(binary(32), NULL)
      FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK)
     WHERE <<to>> IS NOT NULL AND EXISTS (SELECT 1 FROM [#dponec_keys] AS [k] WHERE <<target_known>>)<<closed>>
  ), [newest] AS (
    SELECT <<names>>, [dponec_at], [dponec_hash],
           ROW_NUMBER() OVER (PARTITION BY <<bare_key>>, [dponec_at] ORDER BY [dponec_rank] DESC) AS [dponec_place]
      FROM [steps]
  ), [compared] AS (
    SELECT <<names>>, [dponec_at], [dponec_hash],
           LAG([dponec_hash]) OVER (PARTITION BY <<bare_key>> ORDER BY [dponec_at]) AS [dponec_before]
      FROM [newest] WHERE [dponec_place] = 1
  ), [versions] AS (
    SELECT <<names>>, [dponec_at], [dponec_hash],
           LEAD([dponec_at]) OVER (PARTITION BY <<bare_key>> ORDER BY [dponec_at]) AS [dponec_end]
      FROM [compared] WHERE NOT EXISTS (SELECT [dponec_hash] INTERSECT SELECT [dponec_before])
  )
  INSERT INTO <<versions>> (<<written>>)
  SELECT <<made>>
    FROM [versions] WHERE [dponec_hash] IS NOT NULL;
  DROP TABLE [#dponec_keys];"""
_GONE = """
    UNION ALL
    SELECT <<target_key>>
      FROM <<target>> AS [t] WITH (UPDLOCK, HOLDLOCK)
     WHERE <<expired>>"""
_EXPIRED = """\
<<to>> IS NULL AND NOT (<<no_key>>) AND NOT EXISTS (SELECT 1 FROM <<staging>> AS [s] WHERE <<match>>)<<some>>"""
_CLOSED = """
    UNION ALL
    SELECT <<gone_columns>>, @dp_now, 2, CONVERT(binary(32), NULL)
      FROM [#dponec_keys] AS [t] WHERE NOT EXISTS (SELECT 1 FROM <<staging>> AS [s] WHERE <<match>>)"""
_SOME = " AND EXISTS (SELECT 1 FROM <<staging>>)"

_STAGED = """\
  SELECT @dp_wrong = COUNT_BIG(*)
    FROM <<staging>> AS [s]
   WHERE NOT EXISTS (
     SELECT 1 FROM <<target>> AS [t] WITH (HOLDLOCK)
      WHERE <<match>> AND <<from>> <= <<at>> AND (<<to>> IS NULL OR <<to>> > <<at>>)
        AND EXISTS (SELECT <<new>> INTERSECT SELECT <<old>>));
<<refuse>>"""
_HISTORY = """\
  SELECT @dp_wrong = COUNT_BIG(*)
    FROM (
    SELECT <<from>> AS [begins], <<to>> AS [ends], <<current>> AS [is_current],
           LEAD(<<from>>) OVER (PARTITION BY <<target_key>> ORDER BY <<from>>) AS [next]
      FROM <<target>> AS [t] WITH (HOLDLOCK)
     WHERE EXISTS (SELECT 1 FROM <<versions>> AS [k] WHERE <<target_known>>)
  ) AS [h]
   WHERE [h].[begins] >= [h].[ends] OR [h].[ends] > [h].[next] OR ([h].[ends] IS NULL AND [h].[next] IS NOT NULL)
      OR [h].[is_current] IS NULL OR ([h].[ends] IS NULL AND [h].[is_current] = 0)
      OR ([h].[ends] IS NOT NULL AND [h].[is_current] <> 0);
<<refuse>>"""
_OPEN = """\
  SELECT @dp_wrong = COUNT_BIG(*)
    FROM <<target>> AS [t] WITH (HOLDLOCK)
   WHERE <<expired>>;
<<refuse>>"""
_WRONG = "  DECLARE @dp_wrong bigint;<<now>>"
_REFUSE = """\
  IF @dp_wrong <> 0
<<refuse>>"""
_TRIGGERS = "the transaction was rolled back; look for triggers on the target, and for security policies"


def build_versions(ctx: Context, action: BuildVersions) -> Lowered:
    """INSERT of the whole new history of each key whose history changes; nothing for the others."""
    history, loaded = action.history, _loaded(action)
    pieces = _pieces(ctx, action.staging, history)
    content = _content(action.staging, history)
    hash_, news_values = content_hash(content, "s")
    _, target_values = content_hash(content, "t")
    gone_columns = listed([_gone(m, history.key) for m in loaded])
    gone = closed = Sql("")
    if history.expire:
        expired = _expired(ctx, action.staging, history)
        gone = frame(_GONE, target_key=pieces["target_key"], target=pieces["target"], expired=expired)
        closed = frame(
            _CLOSED,
            gone_columns=gone_columns,
            staging=pieces["staging"],
            match=word(key_match(history.key, "t", "s")),
        )
    taken = ("target", "staging", "at", "match", "from", "to", "new", "old", "bare_key")
    changed = frame(
        _CHANGED,
        future=_future(pieces, history),
        ended=_ended(pieces, history),
        news_key=_listed(history.key, "s"),
        gone=gone,
        **{name: pieces[name] for name in taken},
    )
    build = frame(
        _BUILD,
        news_columns=listed([word(column(m.target.name, "s")) for m in loaded]),
        target_columns=listed([_kept(m) for m in loaded]),
        gone_columns=gone_columns,
        names=listed([word(column(m.target.name)) for m in loaded]),
        hash=hash_,
        news_values=news_values,
        target_values=target_values,
        news_known=word(key_match(history.key, "s", "k")),
        ended=word(_dated(column(history.valid_to.name, "t"), history.valid_to.type, history.valid_from)),
        closed=closed,
        versions=staging_sql(ctx, action.versions),
        written=listed([word(identifier(c.name)) for c in _written(action)]),
        made=_made(action),
        **{name: pieces[name] for name in ("target", "staging", "at", "from", "to", "bare_key", "target_known")},
    )
    return changing(
        ctx,
        statements(frame("<<message>><<now>>", message=MESSAGE, now=_declared(history)), changed, build),
        () if history.since else (HIGH,),
    )


def delete_stale(ctx: Context, action: DeleteStale) -> Lowered:
    """Versions of keys whose history was built, at a time at which the new history has no step."""
    place = (*action.history.key, action.history.valid_from.name)
    versions = names.staging(ctx, action.versions)
    known = exp.Exists(this=exp.select("1").from_(table(versions, "s")).where(key_match(action.history.key, "t", "s")))
    stands = exp.Exists(this=exp.select("1").from_(table(versions, "s")).where(key_match(place, "t", "s")))
    return delete_where(ctx, both(known, exp.Not(this=stands)))


def prove_versions(ctx: Context, action: ProveVersions) -> Lowered:
    """DP510. It asks the target alone, in another way than the history was built."""
    history = action.history
    pieces = _pieces(ctx, action.staging, history)
    taken = ("target", "staging", "at", "match", "from", "to", "new", "old")
    parts = [
        frame(
            _STAGED,
            refuse=_refuse(" staged rows are not what the target holds at their time"),
            **{name: pieces[name] for name in taken},
        ),
        frame(
            _HISTORY,
            refuse=_refuse(" versions overlap, end before they begin, or are marked wrongly as current"),
            current=word(column(history.current.name, "t")),
            versions=staging_sql(ctx, action.versions),
            **{name: pieces[name] for name in ("target", "from", "to", "target_key", "target_known")},
        ),
    ]
    if history.expire:
        open_ = frame(
            _OPEN,
            target=pieces["target"],
            expired=_expired(ctx, action.staging, history),
            refuse=_refuse(" versions are open though the source lacks their key"),
        )
        parts.append(open_)
    body = inside(ctx.load, statements(MESSAGE, frame(_WRONG, now=_declared(history)), *parts))
    return Lowered(op="sql", bodies={"main": body.text}, params=() if history.since else (HIGH,))


def _pieces(ctx: Context, staging: Staging, history: Versions) -> dict[str, Sql]:
    content = _content(staging, history)
    return {
        "target": word(table(names.target(ctx.load))),
        "staging": staging_sql(ctx, staging),
        "at": _at(staging, history),
        "new": _row(content, "s"),
        "old": _row(content, "t"),
        "match": word(key_match(history.key, "t", "s")),
        "from": word(column(history.valid_from.name, "t")),
        "to": word(column(history.valid_to.name, "t")),
        "bare_key": _listed(history.key, ""),
        "target_key": _listed(history.key, "t"),
        "target_known": word(key_match(history.key, "t", "k")),
    }


def _at(staging: Staging, history: Versions) -> Sql:
    if not history.since:
        return Sql("@dp_now")
    since = next(m.target for m in staging.columns if m.target.name == history.since)
    return word(_dated(column(history.since, "s"), since.type, history.valid_from))


def _dated(value: exp.Expression, given: DataType, wanted: Column) -> exp.Expression:
    """A time of one column as another stores it. CONVERT drops an offset and keeps the wall clock, so UTC comes first.

    https://learn.microsoft.com/en-us/sql/t-sql/data-types/datetimeoffset-transact-sql
    """
    if given.tz and not wanted.type.tz:
        value = shape("SWITCHOFFSET(:value, '+00:00')", value=value)
    return convert(wanted.native, value)


def _content(staging: Staging, history: Versions) -> tuple[MovedColumn, ...]:
    """The columns whose change makes a version: not the key, nor what dates it."""
    apart = {*history.key, history.since, history.valid_from.name}
    return tuple(m for m in staging.columns if m.target.name not in apart and not m.target.generated)


def _row(content: tuple[MovedColumn, ...], alias: str) -> Sql:
    # A constant, so that a table of keys alone has a row to compare.
    return listed([Sql("0"), *(piece for m in content for piece in comparable(m, alias))])


def _loaded(action: BuildVersions) -> tuple[MovedColumn, ...]:
    """Loaded columns that a step carries; a generated one computes itself, and the version's own time is the step's."""
    own = action.history.valid_from.name
    return tuple(m for m in action.staging.columns if not m.target.generated and m.target.name != own)


def _kept(moved: MovedColumn) -> Sql:
    """The target's value as staging holds it: text, ntext and image are no types that a window could carry."""
    value, held = column(moved.target.name, "t"), staged_type(moved.target)
    return word(value if held == moved.target.native else convert(held, value))


def _gone(moved: MovedColumn, key: tuple[str, ...]) -> Sql:
    if moved.target.name in key:
        return word(column(moved.target.name, "t"))
    return word(convert(staged_type(moved.target), exp.Null()))


def _written(action: BuildVersions) -> list[Column]:
    return [m.target for m in action.versions.columns if not m.target.generated]


def _made(action: BuildVersions) -> Sql:
    """The columns of a version, in the order of its staging table."""
    history = action.history
    end = _dated(column("dponec_end"), history.valid_from.type, history.valid_to)
    made = {
        history.valid_from.name: Sql("[dponec_at]"),
        history.valid_to.name: word(end),
        history.current.name: Sql("CASE WHEN [dponec_end] IS NULL THEN 1 ELSE 0 END"),
    }
    if history.row_hash is not None:
        # As many digits as the hashes of the other engines have.
        made[history.row_hash.name] = Sql("LOWER(CONVERT(varchar(32), SUBSTRING([dponec_hash], 1, 16), 2))")
    return listed([made.get(c.name) or word(column(c.name)) for c in _written(action)])


def _declared(history: Versions) -> Sql:
    """The run's instant as the target stores it, for a batch that needs it."""
    if history.since and not history.expire:
        return Sql("")
    native = word(type_tree(history.valid_from.native))
    return frame("\n  DECLARE @dp_now <<type>> = <<now>>;", type=native, now=word(instant(history.valid_from)))


def _future(pieces: dict[str, Sql], history: Versions) -> Sql:
    """A snapshot says what holds now, so nothing may be known of later."""
    if history.since:
        return Sql("")
    later = refuse(
        "DP513",
        "nothing was changed; compare the clocks of the source and of whoever wrote these versions",
        literal("the target has versions that begin after "),
        Sql("@window_high"),
    )
    return frame(_FUTURE, target=pieces["target"], refuse=later, **{"from": pieces["from"]})


def _ended(pieces: dict[str, Sql], history: Versions) -> Sql:
    """What ends at a date would be closed without a word by the version that follows it, or never by a key that is gone."""
    staged = frame(
        "EXISTS (SELECT 1 FROM <<staging>> AS [s] WHERE <<match>>)", staging=pieces["staging"], match=pieces["match"]
    )
    dated = refuse(
        "DP515",
        "nothing was changed; set it to NULL, or to not current",
        literal(f"a version of the target is marked as current and has an end in {history.valid_to.name}"),
    )
    return frame(
        _DATED,
        target=pieces["target"],
        current=word(column(history.current.name, "t")),
        to=pieces["to"],
        ours=frame("NOT (<<null>>)", null=word(any_null(history.key, "t"))) if history.expire else staged,
        refuse=dated,
    )


def _expired(ctx: Context, staging: Staging, history: Versions) -> Sql:
    """The row `t` is an open version of a key that the source lacks."""
    staged = staging_sql(ctx, staging)
    return frame(
        _EXPIRED,
        to=word(column(history.valid_to.name, "t")),
        no_key=word(any_null(history.key, "t")),
        staging=staged,
        match=word(key_match(history.key, "t", "s")),
        some=frame(_SOME, staging=staged) if history.keep_when_empty else Sql(""),
    )


def _listed(key: tuple[str, ...], alias: str) -> Sql:
    return join(", ", [word(column(name, alias)) for name in key])


def _refuse(message: str) -> Sql:
    return frame(_REFUSE, refuse=refuse("DP510", _TRIGGERS, Sql("@dp_wrong"), literal(message)))
