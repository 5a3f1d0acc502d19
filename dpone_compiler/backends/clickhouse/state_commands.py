"""The statements behind `dponec state` and `dponec runs abort` (docs/adr/0003, "State commands").

An INSERT gives no row back, so a command is two statements: an INSERT … SELECT that appends nothing where it is not allowed and
leaves a mark where it is, and a SELECT of the state with that mark. These bodies are no steps of a plan.
"""

from __future__ import annotations

from dpone_compiler.backends.clickhouse import state
from dpone_compiler.backends.clickhouse.clearing import may_return
from dpone_compiler.backends.clickhouse.profile import View, prefix, view
from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.plan.actions import AwaitCleared, FreezeWindow
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.clickhouse_names import literal, qualified
from dpone_compiler.sql.render import Sql, frame

_QUIET = Sql("s_phase IN ('', 'idle', 'done')")
_GIVEN = Sql("{watermark:String}")
_SHOWN = (
    "phase", "watermark", "fence", "attempt", "run_id", "committed_run_id", "window_low", "window_high", "partitions",
    "rows_staged", "rows_applied", "digest", "fingerprint", "target", "source", "adopted", "lease_owner",
)  # fmt: skip


def state_commands(ctx: Context) -> dict[str, str]:
    """show, set, rewind, adopt and abort of this load. Without a window there is no watermark, so rewind gives no row.

    returned: what stands against an abort, for plans whose replaced rows may come back (docs/adr/0027).
    """
    seen = view(ctx)
    waits = any(isinstance(step.action, AwaitCleared) for step in ctx.plan.steps)
    cursor = next((step.action.interval.type for step in ctx.plan.steps if isinstance(step.action, FreezeWindow)), None)
    valid, lower = _valid(cursor), _lower(seen, cursor)
    known = frame("s_rows > 0 AND <<quiet>>", quiet=_QUIET)
    return {
        "show": _show(seen).text,
        "set": _pair(
            seen, "set", "watermark", frame("<<known>> AND <<valid>>", known=known, valid=valid), watermark=_GIVEN
        ),
        "rewind": _pair(
            seen, "rewind", "watermark", frame("<<known>> AND <<lower>>", known=known, lower=lower), watermark=_GIVEN
        ),
        "adopt": _pair(
            seen,
            "adopt",
            "watermark",
            frame("<<quiet>> AND <<valid>>", quiet=_QUIET, valid=valid),
            adopted=Sql("toUInt8(1)"),
            phase=literal("idle"),
            watermark=frame(
                "if(<<given>> = '' AND NOT <<elsewhere>>, s_watermark, <<given>>)",
                given=_GIVEN,
                elsewhere=state.elsewhere(seen, ctx.plan),
            ),
            **state.subject(seen, ctx.plan),
        ),
        "abort": _pair(
            seen,
            "abort",
            "phase",
            Sql("s_run_id = {run_id:String} AND s_phase IN ('open', 'staged')"),
            phase=Sql("if(s_committed_run_id = '', 'idle', 'done')"),
            lease_owner=literal(""),
        ),
        "staging": _staging(ctx, seen).text,
        **({"returned": may_return(seen).text} if waits else {}),
    }


def _staging(ctx: Context, seen: View) -> Sql:
    """Staging tables of this load that exist: name, rows. 18.16 has no count of rows in system.tables."""
    return frame(
        "SELECT name, toString(sum(held)) AS rows FROM (SELECT name, toUInt64(0) AS held FROM system.tables "
        "WHERE database = <<database>> AND startsWith(name, <<prefix>>)\nUNION ALL SELECT table AS name, sum(rows) AS held "
        "FROM system.parts WHERE database = <<database>> AND startsWith(table, <<prefix>>) AND active GROUP BY table) "
        "GROUP BY name ORDER BY name",
        database=literal(seen.staging_database),
        prefix=literal(prefix(ctx)),
    )


_DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
_FORMS = {
    Kind.DATE: f"^{_DATE}$",
    Kind.TIMESTAMP: f"^{_DATE}({_TIME})?$",
    Kind.DECIMAL: "^-?[0-9]+([.][0-9]+)?$",
    Kind.FLOAT: "^-?[0-9]+([.][0-9]+)?(e[+-]?[0-9]+)?$",
}


def _valid(cursor: DataType | None) -> Sql:
    """The given text is a watermark of the cursor's type, or '' for none. The best-effort parsers take nearly anything."""
    if cursor is None:
        return frame("<<given>> = ''", given=_GIVEN)
    if cursor.kind is Kind.INT:
        return frame("(<<given>> = '' OR toString(toInt64OrZero(<<given>>)) = <<given>>)", given=_GIVEN)
    form = literal(_FORMS.get(cursor.kind, "^"))
    return frame("(<<given>> = '' OR match(<<given>>, <<form>>))", given=_GIVEN, form=form)


def _lower(seen: View, cursor: DataType | None) -> Sql:
    """The given watermark is valid and lower than the stored one, compared as the cursor's type."""
    if cursor is None:
        return Sql("0")
    given, stored = (_parsed(seen, cursor, value) for value in (_GIVEN, Sql("s_watermark")))
    lower = frame(
        "<<given>> != '' AND s_watermark != '' AND <<valid>> AND ifNull(<<parsed>> < <<stored>>, 0)",
        given=_GIVEN,
        valid=_valid(cursor),
        parsed=given,
        stored=stored,
    )
    if seen.legacy and cursor.kind is Kind.TIMESTAMP:  # a DateTime ends in 2106 and begins again in 1970
        return frame("<<lower>> AND substring(<<given>>, 1, 4) BETWEEN '1970' AND '2105'", lower=lower, given=_GIVEN)
    return lower


def _parsed(seen: View, cursor: DataType, value: Sql) -> Sql:
    """A valid watermark as something that compares."""
    match cursor.kind:
        case Kind.INT:
            return frame("toInt64OrNull(<<value>>)", value=value)
        case Kind.DECIMAL | Kind.FLOAT:
            return frame("toFloat64OrNull(<<value>>)", value=value)
        case Kind.TIMESTAMP if seen.legacy:
            return frame("parseDateTimeBestEffortOrNull(<<value>>)", value=value)
        case Kind.TIMESTAMP:
            return frame("parseDateTime64BestEffortOrNull(<<value>>, 6, 'UTC')", value=value)
        case _:  # a date compares as its text
            return value


def _show(seen: View) -> Sql:
    picked = Sql(", ".join(f"toString(s_{name}) AS {name}" for name in _SHOWN))
    return frame("SELECT <<picked>>\nFROM (<<last>>)\nWHERE s_rows > 0", picked=picked, last=state.last_row(seen))


def _pair(seen: View, name: str, column: str, allowed: Sql, **changed: Sql) -> str:
    # Of this very call: a second abort of the same run finds the mark of the first one, which is not its own.
    tag = frame("concat(<<name>>, ' ', {command_id:String})", name=literal(name))
    insert = state.command(seen, allowed, tag, **changed)
    answer = frame(
        "SELECT toString(argMax(<<column>>, seq)) AS <<column>>\nFROM <<table>> WHERE load = <<load>>\n"
        "HAVING argMax(lease_backend, seq) = <<tag>>",
        column=Sql(column),
        table=qualified(seen.state),
        load=literal(seen.load.name),
        tag=tag,
    )
    return frame("<<insert>>;\n<<answer>>;", insert=insert, answer=answer).text
