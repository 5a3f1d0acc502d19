"""dponec resume and dponec resync: a plan by default; `--yes` carries it out, `--artifact-only` records it as approved."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import click

from dpone_compiler.cli.outcomes import fail, print_json, tell
from dpone_compiler.cli.running import opener_for, run_here
from dpone_compiler.cli.state import CONNECTIONS
from dpone_compiler.cli.words import SINK_TYPE, SOURCE_TYPE, STRATEGY
from dpone_compiler.runtime.bundle import LoadedBundle, load_bundle
from dpone_compiler.runtime.connections.resolve import ConnectionProblem
from dpone_compiler.runtime.history import no_such_run, run_started
from dpone_compiler.runtime.journal import FOLDER
from dpone_compiler.runtime.options import RunOptions
from dpone_compiler.runtime.outcome import TRANSIENT, RefusedError, command
from dpone_compiler.runtime.replay import (
    general_plan,
    replay_plan,
    resync_bundle,
    sequence_of,
    step_of_stage,
    steps_from,
    write_artifact,
)
from dpone_compiler.runtime.state import run_state_command

JOURNALS = click.option("--journal-dir", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
BUNDLE = click.option(
    "--bundle", "folder", type=click.Path(path_type=Path), default=None, help="The run's bundle; the journal knows it."
)
YES = click.option("--yes", is_flag=True, help="Carry it out.")
ARTIFACT = click.option("--artifact-only", is_flag=True, help="With --yes: record the approval, carry nothing out.")
FORMATS = click.option("--format", "output", type=click.Choice(["text", "md", "json"]), default="text")
ARTIFACTS = click.option(
    "--artifact-dir", type=click.Path(path_type=Path), default=Path(".dponec/replay"), show_default=True
)


def _shared(function: Callable[..., None]) -> Callable[..., None]:
    """The options that both commands have. The route's words are asked for by no one who has a bundle or a journal."""
    for option in reversed(
        (BUNDLE, YES, ARTIFACT, ARTIFACTS, JOURNALS, CONNECTIONS, FORMATS, SOURCE_TYPE, SINK_TYPE, STRATEGY)
    ):
        function = option(function)
    return function


@click.command("resume")
@click.argument("run_id")
@click.option("--from-stage", "stage", required=True, help="A stage (stage, apply, …) or a step's id.")
@_shared
def resume(*, run_id: str, stage: str, folder: Path | None, output: str, **rest: Any) -> None:
    """Finish the unfinished run RUN_ID."""
    if _unknown(folder, rest, run_id):
        _general("resume", run_id, stage, (), output, **rest)
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
@click.option(
    "--from-stage", "--failed-stage", "stage", default="finalize", help="Where the run stopped, for the record."
)
@_shared
def resync(
    *, run_id: str, partitions: tuple[str, ...], stage: str, folder: Path | None, output: str, **rest: Any
) -> None:
    """Load partitions again from the source."""
    if _unknown(folder, rest, run_id):
        _general("resync", run_id, stage, partitions, output, **rest)
    try:
        bundle = resync_bundle(_bundle(folder, rest["journal_dir"], run_id))
    except RefusedError as error:
        fail(error, output)
    artifact = replay_plan("resync", bundle, run_id, bundle.doc.steps, partitions=partitions)
    listed = {"partitions": json.dumps(sorted(set(partitions)), ensure_ascii=False)}
    options = RunOptions(shown=str(bundle.folder), runs=rest["journal_dir"], params=listed)
    _end(bundle, artifact, options, output, **rest)


def _unknown(folder: Path | None, rest: dict[str, Any], run_id: str) -> bool:
    """No bundle is known, and the route was given instead: only the general sequence can be shown."""
    told = rest["sink_type"] is not None and rest["strategy"] is not None
    return folder is None and told and not run_started(rest["journal_dir"], run_id).get("bundle")


def _general(action: str, run_id: str, stage: str, partitions: tuple[str, ...], output: str, **rest: Any) -> NoReturn:
    sink, strategy = rest["sink_type"], rest["strategy"]
    if sink == "kafka" and (strategy == "partition_replace" or action == "resync"):
        instead = "resume an incremental_merge (event upserts) instead"
        fail(RefusedError("DP429", f"Kafka is an event log and has no partitions to replace; {instead}"), output)
    if rest["yes"]:
        hint = f"nothing was carried out; name its bundle with --bundle (a live replay into {sink} runs a bundle's own steps)"
        fail(no_such_run(run_id, rest["journal_dir"], hint), output)
    artifact = general_plan(action, run_id, sink=sink, strategy=strategy, stage=stage, partitions=partitions)
    _show(artifact, output, rest["artifact_dir"])
    sys.exit(0)


def _bundle(folder: Path | None, journals: Path, run_id: str) -> LoadedBundle:
    known = folder or run_started(journals, run_id).get("bundle")
    hint = "name its bundle with --bundle when its journal is elsewhere"
    if not known:
        raise no_such_run(run_id, journals, hint)
    try:
        return load_bundle(Path(str(known)))
    except ValueError:  # no system has such a path, so the journal is not ours
        raise no_such_run(run_id, journals, hint) from None


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
        try:
            path = str(write_artifact(rest["artifact_dir"], told))
        except OSError as error:  # the run has ended, and that is what has to be told
            path = ""
            sys.stderr.write(f"dponec: no record of this {artifact['action']}: {_why(error)}\n")
        tell([replace(outcome, details={"artifact_path": path})], output)
        sys.exit(outcome.exit_code)
    if rest["yes"]:
        artifact = {**artifact, "mode": "approved"}
    _show(artifact, output, rest["artifact_dir"])


def _show(artifact: dict[str, Any], output: str, folder: Path) -> None:
    """Write the artifact and tell it."""
    try:
        told = {**artifact, "artifact_path": str(write_artifact(folder, artifact))}
    except OSError as error:
        fail(RefusedError("DP425", _why(error), exit_code=TRANSIENT, retryable=True), output)
    if output == "json":
        print_json(told)
        return
    lines = _markdown if output == "md" else _text
    click.echo("\n".join(lines(told)))


def _why(error: OSError) -> str:
    return f"{error.filename or 'the system'}: {error.strerror or error}"


def _text(artifact: dict[str, Any]) -> Iterator[str]:
    what = artifact["load"] or f"run {artifact['run_id']}"
    yield f"{artifact['action']} of {what}, {artifact['mode']} only; nothing was changed"
    yield from (f"  {note}" for note in (artifact.get("note"),) if note)
    yield from (f"  {each['step']}: {each['purpose']}" for each in artifact["operations"])
    yield f"recorded in {artifact['artifact_path']}"
    yield f"to carry it out: {artifact['commands'][0]}"


def _markdown(artifact: dict[str, Any]) -> Iterator[str]:
    yield from (f"# {artifact['action']} of {artifact['load'] or 'run ' + artifact['run_id']}", "")
    yield f"{artifact['mode']} only; nothing was changed. Recorded in `{artifact['artifact_path']}`."
    yield from ("", *(f"**{note}**" for note in (artifact.get("note"),) if note), "")
    yield from (f"1. `{each['step']}`: {each['purpose']}" for each in artifact["operations"])
    yield from ("", f"To carry it out: `{artifact['commands'][0]}`")
