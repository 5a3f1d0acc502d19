"""Which tables the state row speaks of, and whether the plan's are the same."""

from __future__ import annotations

from dpone_compiler.backends.postgres.script import literal
from dpone_compiler.plan import subject as told
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.render import Sql, frame, join

# A row without them is of a time before they were kept, or of a load that never committed.
_ELSEWHERE = "s.target <> <<target>>"
_ELSEWHERE_READ = " OR (s.watermark <> '' AND s.source <> <<source>>)"


def elsewhere(ctx: Context) -> Sql:
    """Whether the state row `s` speaks of other tables than the plan."""
    said = subject(ctx)
    target = frame(_ELSEWHERE, target=said["target"])
    return join("", [target, frame(_ELSEWHERE_READ, source=said["source"])]) if "source" in said else target


def subject(ctx: Context) -> dict[str, Sql]:
    """What the state row speaks of from now on: column -> value."""
    return {column: literal(text) for column, text in told.subject(ctx.load, ctx.plan).items()}
