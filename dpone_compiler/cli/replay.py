"""dponec resume and dponec resync: a plan by default; `--yes` carries it out, `--artifact-only` records it as approved."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dpone_compiler.cli.outcomes import fail, print_json, tell
from dpone_compiler.cli.running import opener_for, run_here
from dpone_compiler.cli.state import CONNECTIONS, FORMAT
from dpone_compiler.runtime.bundle import LoadedBundle, load_bundle
from dpone_compiler.runtime.connections.resolve import ConnectionProblem
from dpone_compiler.runtime.history import no_such_run, run_started
from dpone_compiler.runtime.journal import FOLDER
from dpone_compiler.runtime.outcome import RefusedError, command
from dpone_compiler.runtime.replay import (
    replay_plan,
    resync_bundle,
    sequence_of,
    step_of_stage,
    steps_from,
    write_artifact,
)
from dpone_compiler.runtime.runner import RunOptions
from dpone_compiler.runtime.state import run_state_command

JOURNALS = click.option("--journal-dir", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
BUNDLE = click.option(
    "--bundle", "folder", type=click.Path(path_type=Path), default=None, help="The run's bundle; the journal knows it."
)
YES = click.option("--yes", is_flag=True, help="Carry it out.")
ARTIFACT = click.option("--artifact-only", is_flag=True, help="With --yes: record the approval, carry nothing out.")
ARTIFACTS = click.option(
    "--artifact-dir", type=click.Path(path_type=Path), default=Path(".dponec/replay"), show_default=True
)


@click.command("resume")
@click.argument("run_id")
@click.option("--from-stage", "stage", required=True, help="A stage (stage, apply, …) or a step's id.")
@BUNDLE
@YES
@ARTIFACT
@ARTIFACTS
@JOURNALS
@CONNECTIONS
@FORMAT
def resume(*, run_id: str, stage: str, folder: Path | None, output: str, **rest: Any) -> None:
    """Finish the unfinished run RUN_ID."""
    try:
        whole = _bundle(folder, rest["journal_dir"], run_id)
        bundle = sequence_of(whole, _fingerprint(whole, run_id, **rest))
        step = step_of_stage(bundle.doc, stage)
    except RefusedError as error:
        fail(error, output)
    artifact = replay_plan("resume", bundle, run_id, steps_from(bundle.doc, step))
    options = RunOptions(shown=str(bundle.folder), from_step=step, resume=run_id, runs=rest["journal_dir"])
    _end(bundle, artifact, options, output, **rest)


@click.command("resync")
@click.option("--run-id", required=True, help="The run whose bundle is used.")
@click.option("--partition", "partitions", multiple=True, required=True, help="A partition's value; may be repeated.")
@BUNDLE
@YES
@ARTIFACT
@ARTIFACTS
@JOURNALS
@CONNECTIONS
@FORMAT
def resync(*, run_id: str, partitions: tuple[str, ...], folder: Path | None, output: str, **rest: Any) -> None:
    """Load partitions again from the source."""
    try:
        bundle = resync_bundle(_bundle(folder, rest["journal_dir"], run_id))
    except RefusedError as error:
        fail(error, output)
    artifact = replay_plan("resync", bundle, run_id, bundle.doc.steps, partitions=partitions)
    listed = {"partitions": json.dumps(sorted(set(partitions)), ensure_ascii=False)}
    options = RunOptions(shown=str(bundle.folder), runs=rest["journal_dir"], params=listed)
    _end(bundle, artifact, options, output, **rest)


def _bundle(folder: Path | None, journals: Path, run_id: str) -> LoadedBundle:
    known = folder or run_started(journals, run_id).get("bundle")
    if not known:
        raise no_such_run(run_id, journals, "name its bundle with --bundle when its journal is elsewhere")
    return load_bundle(Path(known))


def _fingerprint(bundle: LoadedBundle, run_id: str, **rest: Any) -> str:
    """What the run was begun with: as its journal says, else, when it is to be carried out, as the target's state row says."""
    told = run_started(rest["journal_dir"], run_id).get("fingerprint", "")
    if told or not rest["yes"] or rest["artifact_only"] or not bundle.doc.state.get("show"):
        return str(told)
    try:
        row = run_state_command(bundle, opener_for(bundle, rest["connections"]), "show")
    except ConnectionProblem as error:
        raise RefusedError(error.code, f"{error.message} ({error.help})") from None
    return row.get("fingerprint", "")


def _end(bundle: LoadedBundle, artifact: dict[str, Any], options: RunOptions, output: str, **rest: Any) -> None:
    if rest["yes"] and not rest["artifact_only"]:
        outcome = run_here(bundle, options, rest["connections"], output)
        if outcome.next == command("dponec", "run", options.shown):
            outcome = replace(outcome, next=artifact["commands"][0])
        told = {**artifact, "mode": "execute", "status": "executed" if outcome.exit_code == 0 else "failed"}
        told.update(executed=outcome.exit_code == 0, state_committed=outcome.exit_code == 0, failed_stage=outcome.step)
        path = write_artifact(rest["artifact_dir"], told)
        tell([replace(outcome, details={"artifact_path": str(path)})], output)
        sys.exit(outcome.exit_code)
    if rest["yes"]:
        artifact = {**artifact, "mode": "approved"}
        artifact["artifact_path"] = str(write_artifact(rest["artifact_dir"], artifact))
    if output == "json":
        print_json(artifact)
        return
    click.echo(f"{artifact['action']} of {artifact['load']}, {artifact['mode']} only; nothing was changed")
    for operation in artifact["operations"]:
        click.echo(f"  {operation['step']}: {operation['purpose']}")
    click.echo(f"to carry it out: {artifact['commands'][0]}")
