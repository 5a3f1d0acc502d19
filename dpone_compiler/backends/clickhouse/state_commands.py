"""The statements behind `dponec state` and `dponec runs abort` (docs/adr/0003, "State commands").

An INSERT gives no row back, so a command is two statements: an INSERT … SELECT that appends nothing where it is not allowed and
leaves a mark where it is, and a SELECT of the state with that mark. These bodies are no steps of a plan.
"""

from __future__ import annotations

from dpone_compiler.backends.clickhouse import state
from dpone_compiler.backends.clickhouse.comparable import comparable
from dpone_compiler.backends.clickhouse.profile import View, view
from dpone_compiler.expr.types import DataType
from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.clickhouse_names import literal, qualified
from dpone_compiler.sql.render import Sql, frame

_QUIET = Sql("s_phase IN ('', 'idle', 'done')")
_GIVEN = Sql("{watermark:String}")
_SHOWN = (
    "phase", "watermark", "fence", "attempt", "run_id", "committed_run_id", "window_low", "window_high", "partitions",
    "rows_staged", "rows_applied", "digest", "fingerprint", "adopted", "lease_owner",
)  # fmt: skip


def state_commands(ctx: Context) -> dict[str, str]:
    """show, set, rewind, adopt and abort of this load. Without a window there is no watermark, so rewind gives no row."""
    seen = view(ctx)
    cursor = next((step.action.interval.type for step in ctx.plan.steps if isinstance(step.action, FreezeWindow)), None)
    valid = frame("(<<given>> = '' OR <<parsed>> IS NOT NULL)", given=_GIVEN, parsed=_parsed(seen, cursor, _GIVEN))
    lower = frame(
        "s_watermark != '' AND <<given>> < <<stored>>",
        given=_parsed(seen, cursor, _GIVEN),
        stored=_parsed(seen, cursor, Sql("s_watermark")),
    )
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
            watermark=frame("if(<<given>> = '', s_watermark, <<given>>)", given=_GIVEN),
        ),
        "abort": _pair(
            seen,
            "abort",
            "phase",
            Sql("s_run_id = {run_id:String} AND s_phase IN ('open', 'staged')"),
            phase=Sql("if(s_committed_run_id = '', 'idle', 'done')"),
            lease_owner=literal(""),
        ),
    }


def _parsed(seen: View, cursor: DataType | None, value: Sql) -> Sql:
    return Sql("NULL") if cursor is None else comparable(seen, cursor, value)


def _show(seen: View) -> Sql:
    picked = Sql(", ".join(f"toString(s_{name}) AS {name}" for name in _SHOWN))
    return frame("SELECT <<picked>>\nFROM (<<last>>)\nWHERE s_rows > 0", picked=picked, last=state.last_row(seen))


def _pair(seen: View, name: str, column: str, allowed: Sql, **changed: Sql) -> str:
    tag = frame("concat(<<name>>, ' ', {run_id:String})", name=literal(name))
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
