"""Words of a command line that name engines, modes and stages, checked and with their aliases resolved."""

from __future__ import annotations

from collections.abc import Callable

import click

from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends.meaning import ENGINE_ALIASES
from dpone_compiler.ir.load import ENGINES, SOURCE_ENGINES, STRATEGIES
from dpone_compiler.runtime.replay import STAGE_WORDS

STAGES = ("open", "extract", "validate", "finalize", "reconcile", "commit_state", "cleanup", *STAGE_WORDS)


def _word(known: tuple[str, ...]) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    def check(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        if value is None:
            return None
        word = ENGINE_ALIASES.get(value.strip().lower(), value.strip().lower())
        if word not in known:
            hint = did_you_mean(word, known) or f"known: {', '.join(known)}"
            raise click.BadParameter(f"{value!r} is not known; {hint}", ctx, param)
        return word

    return check


SOURCE_TYPE = click.option("--source-type", callback=_word(SOURCE_ENGINES), default=None, help="Engine that is read.")
SINK_TYPE = click.option("--sink-type", callback=_word(ENGINES), default=None, help="Engine that is written.")
STRATEGY = click.option("--strategy", callback=_word(STRATEGIES), default=None, help="The strategy of the run.")
FAILED_STAGE = click.option("--failed-stage", callback=_word(STAGES), default=None, help="Where the run stopped.")
