"""dponec strategy repair-plan: the runbook of a failed run. Text only; the commands in it are this program's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from dpone_compiler.cli.options import FORMATS
from dpone_compiler.cli.words import FAILED_STAGE, SINK_TYPE, SOURCE_TYPE, STRATEGY
from dpone_compiler.runtime.journal import FOLDER
from dpone_compiler.runtime.repair import FailedRun, Runbook, known_run, runbook, runbook_document


@click.command("repair-plan")
@click.argument("run_id")
@SOURCE_TYPE
@SINK_TYPE
@STRATEGY
@FAILED_STAGE
@click.option("--partition", "partitions", multiple=True, help="A partition's value; may be repeated.")
@click.option("--journal-dir", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
@click.option("--format", "form", type=FORMATS, default="text", show_default=True)
def repair_plan(
    *,
    run_id: str,
    source_type: str | None,
    sink_type: str | None,
    strategy: str | None,
    failed_stage: str | None,
    partitions: tuple[str, ...],
    journal_dir: Path,
    form: str,
) -> None:
    """What to look at and what to type after the run RUN_ID has failed."""
    known = known_run(run_id, journal_dir)
    told = known or FailedRun(run_id, "", "")
    run = replace(
        told,
        strategy=strategy or told.strategy,
        failed_stage=failed_stage or told.failed_stage or "finalize",
        partitions=partitions,
    )
    if sink_type == "kafka" and run.strategy == "partition_replace":
        raise click.BadParameter(
            "Kafka is an event log and has no partitions to replace; use incremental_merge (event upserts)",
            param_hint="--strategy",
        )
    book = runbook(run, known=known is not None)
    if form == "json":
        from dpone_compiler.artifacts.plan_codec import canonical_json

        click.echo(canonical_json(dict(runbook_document(book))), nl=False)
        return
    click.echo("\n".join(_lines(book, run, markdown=form == "md")))


def _lines(book: Runbook, run: FailedRun, *, markdown: bool) -> Iterator[str]:
    title = f"Repair of run {book.run_id}"
    yield from (f"# {title}", "") if markdown else (title,)
    if not book.known:
        yield "no such run on this machine: this is the general runbook; nothing below was checked against a plan"
    yield f"{run.strategy or 'strategy not known'}, failed at {run.failed_stage}; safe to resume without a look: " + (
        "yes" if book.safe_to_auto_resume else "no"
    )
    yield ""
    for number, step in enumerate(book.steps, start=1):
        yield f"{number}. {step.action}: {step.description}"
        if step.command:
            yield f"   `{step.command}`" if markdown else f"   $ {step.command}"
