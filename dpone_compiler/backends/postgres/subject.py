"""Which tables the state row speaks of, and whether the plan's are the same."""

from __future__ import annotations

from dpone_compiler.backends.postgres.script import literal
from dpone_compiler.plan.subject import keeps_watermark, source_of, target_of
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.render import Sql, frame, join

# A row without them is of a time before they were kept, or of a load that never committed.
_ELSEWHERE = "s.target <> <<target>>"
_ELSEWHERE_READ = " OR (s.watermark <> '' AND s.source <> <<source>>)"


def elsewhere(ctx: Context) -> Sql:
    """Whether the state row `s` speaks of other tables than the plan."""
    target = frame(_ELSEWHERE, target=literal(target_of(ctx.load)))
    if not keeps_watermark(ctx.plan):
        return target
    return join("", [target, frame(_ELSEWHERE_READ, source=literal(source_of(ctx.load)))])


def subject(ctx: Context) -> dict[str, Sql]:
    """What the state row speaks of from now on: column -> value."""
    said = {"target": literal(target_of(ctx.load))}
    return said | ({"source": literal(source_of(ctx.load))} if keeps_watermark(ctx.plan) else {})
