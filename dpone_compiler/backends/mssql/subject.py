"""Which tables the state row speaks of, and whether the plan's are the same."""

from __future__ import annotations

from dpone_compiler.backends.mssql.script import literal
from dpone_compiler.plan.subject import keeps_watermark, source_of, target_of
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.render import Sql, frame, join

# A row without them is of a time before they were kept, or of a load that never committed.
_ELSEWHERE = "<<row>>[target] <> <<target>> COLLATE Latin1_General_100_BIN2"
_ELSEWHERE_READ = (
    "\n                OR (<<row>>[watermark] <> N'' AND <<row>>[source] <> <<source>> COLLATE Latin1_General_100_BIN2)"
)


def elsewhere(ctx: Context, row: Sql) -> Sql:
    """Whether the state row speaks of other tables than the plan; names are compared as they are written."""
    target = frame(_ELSEWHERE, row=row, target=literal(target_of(ctx.load)))
    if not keeps_watermark(ctx.plan):
        return target
    return join("", [target, frame(_ELSEWHERE_READ, row=row, source=literal(source_of(ctx.load)))])


def subject(ctx: Context) -> Sql:
    """SET: what the state row speaks of from now on."""
    said = {"target": target_of(ctx.load)}
    said |= {"source": source_of(ctx.load)} if keeps_watermark(ctx.plan) else {}
    return join(
        ", ", [frame("<<column>> = <<value>>", column=Sql(f"[{c}]"), value=literal(v)) for c, v in said.items()]
    )
