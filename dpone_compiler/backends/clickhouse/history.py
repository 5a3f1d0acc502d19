"""Histories: each is built anew from its steps into a table of the target's shape, whose partitions then replace the target's.

A step says what holds from a time on: a version of the target, the end after which a key was gone (text ''), or a staged row.
Of two steps of one time the newest fact wins. The text is the canonical one of the columns that make a version; it is never ''.
Keys are compared by their canonical text, so that one expression serves keys of any type and number.
"""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.digest import row_text
from dpone_compiler.backends.clickhouse.keys import any_null
from dpone_compiler.backends.clickhouse.marks import instant, typed, unwritable
from dpone_compiler.backends.clickhouse.profile import View, staging_table, view
from dpone_compiler.backends.clickhouse.proof_steps import same_counts
from dpone_compiler.backends.clickhouse.staging_steps import PINNED_SELECT
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.plan.actions import BuildRewrite
from dpone_compiler.plan.snapshot_actions import BuildVersions, ProveVersions, Versions
from dpone_compiler.plan.staging import Staging
from dpone_compiler.spi.backend import Context, Lowered, Unsupported
from dpone_compiler.sql.clickhouse_names import columns, ident, literal, qualified
from dpone_compiler.sql.render import Sql, frame, join

# https://clickhouse.com/docs/sql-reference/window-functions: leadInFrame and lagInFrame see the frame alone.
_BUILD = """\
INSERT INTO <<versions>> (<<written>>)<<pinned>>
SELECT <<made>> FROM (
  SELECT *, leadInFrame(toNullable(dponec_at)) OVER (PARTITION BY dponec_key ORDER BY dponec_at
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS dponec_end
  FROM (
    SELECT *, lagInFrame(dponec_text) OVER (PARTITION BY dponec_key ORDER BY dponec_at
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS dponec_before
    FROM (
      SELECT * FROM (
        SELECT <<loaded>>, <<at>> AS dponec_at, toUInt8(2) AS dponec_rank, <<text>> AS dponec_text, <<key>> AS dponec_key
          FROM <<staging>> WHERE <<sound>>dponec_key IN (<<keys>>)
        UNION ALL SELECT <<loaded>>, <<from>>, toUInt8(1), <<text>>, <<key>> AS dponec_key
          FROM <<target>> WHERE dponec_key IN (<<keys>>)
        UNION ALL SELECT <<loaded>>, assumeNotNull(<<to>>), toUInt8(0), '', <<key>> AS dponec_key
          FROM <<target>> WHERE isNotNull(<<to>>) AND dponec_key IN (<<keys>>)<<closed>>
      ) ORDER BY dponec_key, dponec_at, dponec_rank DESC LIMIT 1 BY dponec_key, dponec_at
    )
  ) WHERE dponec_text != dponec_before
) WHERE dponec_text != ''"""
_CLOSED = """
        UNION ALL SELECT <<loaded>>, <<now>>, toUInt8(2), '', <<key>> AS dponec_key FROM <<target>> WHERE <<missing>>"""
# Of a window: rows that a version holds at their time, found by key and then by time.
_HELD = """\
SELECT (dponec_key, dponec_at) FROM (
    SELECT <<key>> AS dponec_key, <<at>> AS dponec_at, <<text>> AS dponec_text FROM <<staging>>
  ) AS s INNER JOIN (
    SELECT <<key>> AS dponec_key, <<from>> AS dponec_from, <<to>> AS dponec_to, <<text>> AS dponec_held FROM <<target>>
  ) AS t USING (dponec_key)
  WHERE dponec_from <= dponec_at AND (isNull(dponec_to) OR dponec_to > dponec_at) AND dponec_held = dponec_text"""
_OVERLAP = """\
SELECT 'DP510' AS code, 'versions overlap, end before they begin, or are marked wrongly as current' AS detail, found AS count FROM (
  SELECT count() AS found FROM (
    SELECT <<from>> AS dponec_begins, <<to>> AS dponec_ends, <<current>> != 0 AS dponec_open,
      leadInFrame(toNullable(<<from>>)) OVER (PARTITION BY <<key>> ORDER BY <<from>>
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS dponec_next
    FROM <<target>> WHERE <<key>> IN (SELECT <<key>> FROM <<versions>>)
  ) WHERE ifNull(dponec_begins >= dponec_ends, 0)
    OR ifNull(dponec_ends > dponec_next, 0) OR (isNull(dponec_ends) AND isNotNull(dponec_next))
    OR dponec_open != isNull(dponec_ends)
) WHERE found > 0"""


def build_versions(ctx: Context, action: BuildVersions) -> Lowered | Unsupported:
    """INSERT of the whole new history of each key whose history changes; nothing for the others."""
    seen, history = view(ctx), action.history
    if seen.structure is None:
        return Unsupported("the types of the technical columns are not known without a catalog snapshot of the target")
    if why := unwritable(history.valid_from, history.valid_to, history.current, history.row_hash):
        return Unsupported(why)
    pieces = _pieces(ctx, seen, action.staging, history)
    shared = {name: pieces[name] for name in ("loaded", "at", "text", "key", "staging", "from", "to", "target")}
    closed = Sql("")
    if history.expire:
        kept = {name: pieces[name] for name in ("loaded", "key", "target")}
        closed = frame(_CLOSED, now=_now(seen, history), missing=_missing(pieces, seen, history), **kept)
    body = frame(
        _BUILD,
        versions=staging_table(ctx, action.versions),
        written=columns(tuple(moved.target.name for moved in action.versions.columns)),
        pinned=seen.pinned(PINNED_SELECT),
        made=_made(action),
        keys=_keys(pieces, seen, history),
        sound=frame("<<now>><<open>>", now=_future(pieces, seen, history), open=_undated(pieces, seen, history)),
        closed=closed,
        **shared,
    )
    return Lowered(op="sql", bodies={"main": body.text})


def prove_versions(ctx: Context, action: ProveVersions) -> Lowered | Unsupported:
    """DP510. It asks the target alone, in another way than the history was built."""
    seen, history = view(ctx), action.history
    pieces = _pieces(ctx, seen, action.staging, history)
    asked = [
        _none(_not_held(pieces, seen, history, "count()"), "staged rows are not what the target holds at their time"),
        frame(
            _OVERLAP,
            versions=staging_table(ctx, action.versions),
            current=ident(history.current.name),
            **{name: pieces[name] for name in ("from", "to", "key", "target")},
        ),
    ]
    if history.expire:
        missing = frame(
            "SELECT count() FROM <<target>> WHERE <<missing>>",
            target=pieces["target"],
            missing=_missing(pieces, seen, history),
        )
        asked.append(_none(missing, "versions are open though the source lacks their key"))
    built = next((step.action for step in ctx.plan.steps if isinstance(step.action, BuildRewrite)), None)
    if built is not None:
        asked.append(same_counts(ctx, seen, built))
    return Lowered(op="check", bodies={"main": join("\nUNION ALL ", asked).text})


def _pieces(ctx: Context, seen: View, staging: Staging, history: Versions) -> dict[str, Sql]:
    by_name = {moved.target.name: moved for moved in staging.columns}
    loaded = tuple(name for name in by_name if name != history.valid_from.name)
    apart = {*history.key, history.since, history.valid_from.name}
    content = tuple(moved for moved in staging.columns if moved.target.name not in apart)
    key = tuple(by_name[name] for name in history.key)
    at = typed(ident(history.since), history.valid_from) if history.since else _now(seen, history)
    return {
        "loaded": columns(loaded),
        "at": at,
        "text": _text(content),
        "key": _text(key),
        "staging": staging_table(ctx, staging),
        "target": qualified(seen.target),
        "from": ident(history.valid_from.name),
        "to": ident(history.valid_to.name),
    }


def _text(moved: tuple[MovedColumn, ...]) -> Sql:
    # A table of keys alone has nothing to compare, and its versions are all alike.
    return row_text(moved, "target") if moved else literal("V")


def _now(seen: View, history: Versions) -> Sql:
    return typed(instant(seen), history.valid_from)


def _keys(pieces: dict[str, Sql], seen: View, history: Versions) -> Sql:
    changed = _not_held(pieces, seen, history, "<<key>>")
    if not history.expire:
        return changed
    kept = {name: pieces[name] for name in ("key", "target")}
    missing = frame("SELECT <<key>> FROM <<target>> WHERE <<missing>>", missing=_missing(pieces, seen, history), **kept)
    return frame("<<changed>> UNION ALL <<missing>>", changed=changed, missing=missing)


def _not_held(pieces: dict[str, Sql], seen: View, history: Versions, what: str) -> Sql:
    """Staged rows that are not what the target holds at their time. Of a snapshot that is now, and what holds now is open."""
    kept = {name: pieces[name] for name in ("key", "text", "staging", "target", "to")}
    wanted = frame(what, key=pieces["key"]) if "<<" in what else Sql(what)
    if not history.since:
        return frame(
            "SELECT <<wanted>> FROM <<staging>> "
            "WHERE (<<key>>, <<text>>) NOT IN (SELECT (<<key>>, <<text>>) FROM <<target>> WHERE isNull(<<to>>))",
            wanted=wanted,
            **kept,
        )
    return frame(
        "SELECT <<wanted>> FROM <<staging>> WHERE (<<key>>, <<at>>) NOT IN (<<held>>)",
        wanted=wanted,
        key=pieces["key"],
        at=pieces["at"],
        staging=pieces["staging"],
        held=frame(_HELD, at=pieces["at"], **{"from": pieces["from"]}, **kept),
    )


def _missing(pieces: dict[str, Sql], seen: View, history: Versions) -> Sql:
    """An open version whose key the source lacks."""
    unknown = any_null(seen, history.key)
    some = frame(" AND (SELECT count() FROM <<staging>>) > 0", staging=pieces["staging"])
    return frame(
        "isNull(<<to>>) AND <<known>><<key>> NOT IN (SELECT <<key>> FROM <<staging>>)<<some>>",
        to=pieces["to"],
        known=frame("NOT (<<unknown>>) AND ", unknown=unknown) if unknown is not None else Sql(""),
        key=pieces["key"],
        staging=pieces["staging"],
        some=some if history.keep_when_empty else Sql(""),
    )


def _future(pieces: dict[str, Sql], seen: View, history: Versions) -> Sql:
    """A snapshot says what holds now, so nothing may be known of later."""
    if history.since:
        return Sql("")
    later = frame(
        "(SELECT count() FROM <<target>> WHERE <<from>> > <<now>>) > 0",
        target=pieces["target"],
        now=_now(seen, history),
        **{"from": pieces["from"]},
    )
    stop = seen.stop_if(later, "DP513: the target has versions that begin after the instant of this run")
    return frame("<<stop>> AND ", stop=stop)


def _undated(pieces: dict[str, Sql], seen: View, history: Versions) -> Sql:
    """What ends at a date would be closed without a word by the version that follows it, or never by a key that is gone."""
    staged = frame(" AND <<key>> IN (SELECT <<key>> FROM <<staging>>)", key=pieces["key"], staging=pieces["staging"])
    unknown = any_null(seen, history.key)
    known = frame(" AND NOT (<<unknown>>)", unknown=unknown) if unknown is not None else Sql("")
    dated = frame(
        "(SELECT count() FROM <<target>> WHERE <<current>> != 0 AND isNotNull(<<to>>)<<ours>>) > 0",
        target=pieces["target"],
        current=ident(history.current.name),
        to=pieces["to"],
        ours=known if history.expire else staged,
    )
    said = f"DP515: a version of the target is marked as current and has an end in {history.valid_to.name}"
    return frame("<<stop>> AND ", stop=seen.stop_if(dated, said))


def _made(action: BuildVersions) -> Sql:
    """The columns of a version, in the order of its staging table."""
    history = action.history
    made = {
        history.valid_from.name: Sql("dponec_at"),
        history.valid_to.name: typed(Sql("dponec_end"), history.valid_to),
        history.current.name: typed(Sql("isNull(dponec_end)"), history.current),
    }
    if history.row_hash is not None:
        made[history.row_hash.name] = Sql("lower(hex(MD5(dponec_text)))")
    return join(", ", [made.get(moved.target.name) or ident(moved.target.name) for moved in action.versions.columns])


def _none(count: Sql, what: str) -> Sql:
    return frame(
        "SELECT 'DP510' AS code, <<what>> AS detail, found AS count FROM (SELECT (<<count>>) AS found) WHERE found > 0",
        what=literal(what),
        count=count,
    )
