"""Histories: each is built anew from its steps, put in place row by row, and proved inside the transaction.

A step says what holds from a time on: a version of the target, the end after which a key was gone (text NULL), or a staged row.
Of two steps of one time the newest fact wins. The text is the canonical one of the columns that make a version.
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.apply import changing, comparable, counted
from dpone_compiler.backends.postgres.marks import instant
from dpone_compiler.backends.postgres.script import do_block, literal, word
from dpone_compiler.backends.postgres.staging import staging_sql
from dpone_compiler.backends.postgres.stored import stored_row
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.interval import HIGH
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.ir.schema import Column
from dpone_compiler.plan.snapshot_actions import BuildVersions, DeleteStale, ProveVersions, Versions
from dpone_compiler.plan.staging import Staging
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import column, identifier, table
from dpone_compiler.sql.postgres_native import cast
from dpone_compiler.sql.predicates import any_null, key_match
from dpone_compiler.sql.render import Sql, frame, join

_FUTURE = """\
  IF EXISTS (SELECT FROM <<target>> AS t WHERE <<from>> > <<now>>) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP513', MESSAGE = format('the target has versions that begin after %s', <<now>>),
      HINT = 'nothing was changed; compare the clocks of the source and of whoever wrote these versions';
  END IF;
"""
_DATED = """\
  IF EXISTS (SELECT FROM <<target>> AS t WHERE <<is_current>> AND <<to>> IS NOT NULL AND <<ours>>) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP515', MESSAGE = <<message>>, HINT = 'nothing was changed; set it to NULL, or to not current';
  END IF;
"""
_BUILD = """\
<<future>><<dated>>  INSERT INTO <<versions>> (<<written>>)
  WITH news AS MATERIALIZED (
    SELECT <<staged>>, <<at>> AS dponec_at, <<text>> AS dponec_text FROM <<staging>> AS s
  ), changed AS MATERIALIZED (
    SELECT <<news_key>> FROM news AS s
     WHERE NOT EXISTS (
       SELECT FROM <<target>> AS t
        WHERE <<match>> AND <<from>> <= s.dponec_at AND (<<to>> IS NULL OR <<to>> > s.dponec_at)
          AND <<target_row>> IS NOT DISTINCT FROM <<row>>)<<gone>>
  ), keys AS MATERIALIZED (
    SELECT DISTINCT <<bare_key>> FROM changed
  ), steps AS (
    SELECT <<news_columns>>, s.dponec_at, 2 AS dponec_rank, s.dponec_text FROM news AS s JOIN keys AS k ON <<news_match>>
    UNION ALL
    SELECT <<target_columns>>, <<from>>, 1, <<target_text>> FROM <<target>> AS t JOIN keys AS k ON <<target_match>>
    UNION ALL
    SELECT <<gone_columns>>, <<to>>, 0, NULL FROM <<target>> AS t JOIN keys AS k ON <<target_match>> WHERE <<to>> IS NOT NULL<<closed>>
  ), newest AS (
    SELECT DISTINCT ON (<<bare_key>>, dponec_at) * FROM steps ORDER BY <<bare_key>>, dponec_at, dponec_rank DESC
  ), compared AS (
    SELECT *, lag(dponec_text) OVER (PARTITION BY <<bare_key>> ORDER BY dponec_at) AS dponec_before FROM newest
  ), versions AS (
    SELECT *, lead(dponec_at) OVER (PARTITION BY <<bare_key>> ORDER BY dponec_at) AS dponec_end
      FROM compared WHERE dponec_text IS DISTINCT FROM dponec_before
  )
  SELECT <<made>> FROM versions WHERE dponec_text IS NOT NULL;"""
_GONE = """
    UNION ALL
    SELECT <<target_key>> FROM <<target>> AS t
     WHERE <<to>> IS NULL AND NOT (<<no_key>>) AND NOT EXISTS (SELECT FROM <<staging>> AS s WHERE <<match>>)<<some>>"""
_CLOSED = """
    UNION ALL
    SELECT <<gone_columns>>, <<now>>, 2, NULL FROM keys AS t WHERE NOT EXISTS (SELECT FROM <<staging>> AS s WHERE <<match>>)"""
_SOME = " AND EXISTS (SELECT FROM <<staging>>)"

_PROVE = """\
  wrong := (
    SELECT count(*) FROM <<staging>> AS s WHERE NOT EXISTS (
      SELECT FROM <<target>> AS t
       WHERE <<match>> AND <<from>> <= <<at>> AND (<<to>> IS NULL OR <<to>> > <<at>>) AND <<target_row>> IS NOT DISTINCT FROM <<row>>)
  );
<<refuse_staged>>
  wrong := (
    SELECT count(*) FROM (
      SELECT <<from>> AS begins, <<to>> AS ends, <<is_current>> AS current,
             lead(<<from>>) OVER (PARTITION BY <<target_key>> ORDER BY <<from>>) AS next
        FROM <<target>> AS t JOIN (SELECT DISTINCT <<bare_key>> FROM <<versions>>) AS k ON <<target_match>>
    ) AS h WHERE begins >= ends OR ends > next OR (ends IS NULL AND next IS NOT NULL) OR current IS DISTINCT FROM (ends IS NULL)
  );
<<refuse_history>><<expired>>"""
_EXPIRED = """
  wrong := (
    SELECT count(*) FROM <<target>> AS t
     WHERE <<to>> IS NULL AND NOT (<<no_key>>) AND NOT EXISTS (SELECT FROM <<staging>> AS s WHERE <<match>>)<<some>>
  );
<<refuse>>"""
_REFUSE = """\
  IF wrong <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP510', MESSAGE = format(<<message>>, wrong),
      HINT = 'the transaction was rolled back; look for triggers, rules and row security on the target';
  END IF;"""


def build_versions(ctx: Context, action: BuildVersions) -> Lowered:
    """INSERT of the whole new history of each key whose history changes; nothing for the others."""
    history, loaded = action.history, _loaded(action)
    pieces = _pieces(ctx, action.staging, history)
    gone_columns = join(
        ", ", [word(column(m.target.name, "t")) if m.target.name in history.key else _no_value(m) for m in loaded]
    )
    some = frame(_SOME, staging=pieces["staging"]) if history.keep_when_empty else Sql("")
    gone = closed = Sql("")
    if history.expire:
        no_key = word(any_null(history.key, "t"))
        shared = {name: pieces[name] for name in ("target", "to", "staging", "match", "target_key")}
        gone = frame(_GONE, no_key=no_key, some=some, **shared)
        closed = frame(
            _CLOSED, gone_columns=gone_columns, now=_now(history), staging=pieces["staging"], match=pieces["match"]
        )
    names_ = [m.target.name for m in loaded]
    body = frame(
        _BUILD,
        future=_future(pieces, history),
        dated=_dated(pieces, history),
        versions=staging_sql(ctx, action.versions),
        written=join(
            ", ", [word(identifier(m.target.name)) for m in action.versions.columns if not m.target.generated]
        ),
        staged=join(", ", [word(column(name, "s")) for name in names_]),
        news_key=_listed(history.key, "s"),
        bare_key=_listed(history.key, ""),
        news_columns=join(", ", [word(column(name, "s")) for name in names_]),
        target_columns=join(", ", [word(column(name, "t")) for name in names_]),
        gone_columns=gone_columns,
        news_match=word(key_match(history.key, "s", "k")),
        target_match=word(key_match(history.key, "t", "k")),
        made=_made(action),
        text=word(stored_row(_content(action.staging, history), "s")),
        target_text=word(stored_row(_content(action.staging, history), "t")),
        gone=gone,
        closed=closed,
        **{name: pieces[name] for name in ("target", "staging", "at", "row", "match", "from", "to", "target_row")},
    )
    return changing(ctx, body, () if history.since else (HIGH,))


def delete_stale(ctx: Context, action: DeleteStale) -> Lowered:
    """Versions of keys whose history was built, at a time at which the new history has no step."""
    place = (*action.history.key, action.history.valid_from.name)
    versions = names.staging(ctx, action.versions)
    known = exp.Exists(this=exp.select("1").from_(table(versions, "s")).where(key_match(action.history.key, "t", "s")))
    stands = exp.Exists(this=exp.select("1").from_(table(versions, "s")).where(key_match(place, "t", "s")))
    delete = exp.Delete(
        this=table(names.target(ctx.load), "t"), where=exp.Where(this=exp.and_(known, exp.Not(this=stands)))
    )
    return changing(ctx, counted(delete, "rows_deleted"))


def prove_versions(ctx: Context, action: ProveVersions) -> Lowered:
    """DP510. It asks the target alone, in another way than the history was built."""
    history = action.history
    pieces = _pieces(ctx, action.staging, history)
    expired = Sql("")
    if history.expire:
        shared = {name: pieces[name] for name in ("target", "to", "staging", "match")}
        expired = frame(
            _EXPIRED,
            no_key=word(any_null(history.key, "t")),
            some=frame(_SOME, staging=pieces["staging"]) if history.keep_when_empty else Sql(""),
            refuse=_refuse("%s versions are open though the source lacks their key"),
            **shared,
        )
    body = frame(
        _PROVE,
        refuse_staged=_refuse("%s staged rows are not what the target holds at their time"),
        refuse_history=_refuse("%s versions overlap, end before they begin, or are marked wrongly as current"),
        expired=expired,
        versions=staging_sql(ctx, action.versions),
        bare_key=_listed(history.key, ""),
        target_match=word(key_match(history.key, "t", "k")),
        is_current=_is_current(history.current),
        **pieces,
    )
    params = () if history.since and not history.expire else (HIGH,)
    return Lowered(op="sql", bodies={"main": do_block(body, Sql("  wrong bigint;")).text + "\n"}, params=params)


def _pieces(ctx: Context, staging: Staging, history: Versions) -> dict[str, Sql]:
    content = _content(staging, history)
    dated = cast(column(history.since, "s"), history.valid_from.native) if history.since else None
    return {
        "target": word(table(names.target(ctx.load))),
        "staging": staging_sql(ctx, staging),
        "at": word(dated) if dated is not None else _now(history),
        "row": _row(content, "s"),
        "target_row": _row(content, "t"),
        "match": word(key_match(history.key, "t", "s")),
        "from": word(column(history.valid_from.name, "t")),
        "to": word(column(history.valid_to.name, "t")),
        "target_key": _listed(history.key, "t"),
    }


def _content(staging: Staging, history: Versions) -> tuple[MovedColumn, ...]:
    """The columns whose change makes a version: not the key, nor what dates it."""
    apart = {*history.key, history.since, history.valid_from.name}
    return tuple(m for m in staging.columns if m.target.name not in apart and not m.target.generated)


def _row(content: tuple[MovedColumn, ...], alias: str) -> Sql:
    # A constant, so that a table of keys alone has a row to compare.
    values = [exp.Literal.number(0), *(comparable(m, alias) for m in content)]
    return word(exp.Anonymous(this="ROW", expressions=values))


def _loaded(action: BuildVersions) -> tuple[MovedColumn, ...]:
    """Loaded columns that a step carries; a generated one computes itself, and the version's own time is the step's."""
    own = action.history.valid_from.name
    return tuple(m for m in action.staging.columns if not m.target.generated and m.target.name != own)


def _made(action: BuildVersions) -> Sql:
    """The columns of a version, in the order of its staging table."""
    history = action.history
    made = {
        history.valid_from.name: Sql("dponec_at"),
        history.valid_to.name: Sql("dponec_end"),
        history.current.name: _flag(history.current),
    }
    if history.row_hash is not None:
        made[history.row_hash.name] = Sql("md5(dponec_text)")
    written = [m.target.name for m in action.versions.columns if not m.target.generated]
    return join(", ", [made.get(name) or word(column(name)) for name in written])


def _flag(current: Column) -> Sql:
    return (
        Sql("dponec_end IS NULL")
        if current.type.kind is Kind.BOOL
        else Sql("CASE WHEN dponec_end IS NULL THEN 1 ELSE 0 END")
    )


def _is_current(current: Column) -> Sql:
    name = word(column(current.name, "t"))
    return name if current.type.kind is Kind.BOOL else frame("(<<name>> <> 0)", name=name)


def _now(history: Versions) -> Sql:
    return word(instant(history.valid_from.native, tz=history.valid_from.type.tz))


def _future(pieces: dict[str, Sql], history: Versions) -> Sql:
    """A snapshot says what holds now, so nothing may be known of later."""
    if history.since:
        return Sql("")
    return frame(_FUTURE, target=pieces["target"], now=_now(history), **{"from": pieces["from"]})


def _dated(pieces: dict[str, Sql], history: Versions) -> Sql:
    """What ends at a date would be closed without a word by the version that follows it, or never by a key that is gone."""
    staged = frame(
        "EXISTS (SELECT FROM <<staging>> AS s WHERE <<match>>)", staging=pieces["staging"], match=pieces["match"]
    )
    return frame(
        _DATED,
        target=pieces["target"],
        to=pieces["to"],
        is_current=_is_current(history.current),
        ours=frame("NOT (<<null>>)", null=word(any_null(history.key, "t"))) if history.expire else staged,
        message=literal(f"a version of the target is marked as current and has an end in {history.valid_to.name}"),
    )


def _no_value(moved: MovedColumn) -> Sql:
    return word(cast(exp.Null(), moved.target.native))


def _listed(key: tuple[str, ...], alias: str) -> Sql:
    return join(", ", [word(column(name, alias)) for name in key])


def _refuse(message: str) -> Sql:
    return frame(_REFUSE, message=literal(message))
