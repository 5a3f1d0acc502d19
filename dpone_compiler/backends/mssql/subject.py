"""Which tables the state row speaks of, and whether the plan's are the same."""

from __future__ import annotations

from dpone_compiler.backends.mssql.script import literal
from dpone_compiler.plan import subject as told
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.render import Sql, frame, join

# A row without them is of a time before they were kept, or of a load that never committed.
_ELSEWHERE = "<<row>>[target] <> <<target>> COLLATE Latin1_General_100_BIN2"
_ELSEWHERE_READ = (
    "\n                OR (<<row>>[watermark] <> N'' AND <<row>>[source] <> <<source>> COLLATE Latin1_General_100_BIN2)"
)


def elsewhere(ctx: Context, row: Sql) -> Sql:
    """Whether the state row speaks of other tables than the plan; names are compared as they are written."""
    said = _said(ctx)
    target = frame(_ELSEWHERE, row=row, target=said["target"])
    return join("", [target, frame(_ELSEWHERE_READ, row=row, source=said["source"])]) if "source" in said else target


def subject(ctx: Context) -> Sql:
    """SET: what the state row speaks of from now on."""
    return join(", ", [frame("<<column>> = <<value>>", column=Sql(f"[{c}]"), value=v) for c, v in _said(ctx).items()])


def _said(ctx: Context) -> dict[str, Sql]:
    return {column: literal(text) for column, text in told.subject(ctx.load, ctx.plan).items()}
