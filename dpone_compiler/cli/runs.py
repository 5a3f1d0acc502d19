"""dponec runs: past runs of this machine, and the end of an unfinished one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from dpone_compiler.cli.outcomes import fail, print_json
from dpone_compiler.cli.running import opener_for
from dpone_compiler.cli.state import BUNDLES, CONNECTIONS, FORMAT, answer
from dpone_compiler.runtime.bundle import find_bundles, load_bundle
from dpone_compiler.runtime.connections.resolve import ConnectionProblem
from dpone_compiler.runtime.history import list_runs, no_such_run, run_started, show_run
from dpone_compiler.runtime.journal import FOLDER
from dpone_compiler.runtime.outcome import RefusedError
from dpone_compiler.runtime.state import give_up, staging_left

JOURNALS = click.option("--journal-dir", type=click.Path(path_type=Path), default=FOLDER, show_default=True)


@click.group("runs")
def runs() -> None:
    """Journals and receipts of past runs."""


@runs.command("list")
@click.option("--staging", is_flag=True, help="Also ask the targets for staging that was left behind.")
@BUNDLES
@CONNECTIONS
@JOURNALS
@FORMAT
def list_(*, staging: bool, bundles: str, connections: Path | None, journal_dir: Path, output: str) -> None:
    """One line a run."""
    found = list_runs(journal_dir)
    left = _staging_left(bundles, connections, output) if staging else []
    if output == "json":
        print_json({"runs": found} | ({"staging": left} if staging else {}))
        return
    for each in left:
        click.echo(f"staging of {each['load']}: {each['name']}, {each['rows']} rows")
    for one in found:
        click.echo(f"{one['run_id']}  {one['started']}  {one['load']}  {one['status']}  last: {one['last']}")


@runs.command("show")
@click.argument("run_id")
@JOURNALS
@FORMAT
def show(run_id: str, journal_dir: Path, output: str) -> None:
    """Everything that this machine knows of a run."""
    try:
        found = show_run(journal_dir, run_id)
    except RefusedError as error:
        fail(error, output)
    if output == "json":
        print_json(found)
        return
    for name in ("run_id", "load", "bundle", "started", "status", "attempts"):
        click.echo(f"{name}: {found[name]}")
    for event in found["events"]:
        told = "  ".join(f"{key}={value}" for key, value in event.items() if key not in ("event", "at"))
        click.echo(f"{event.get('at', '')}  {event.get('event', '')}  {told}")


@runs.command("abort")
@click.argument("run_id")
@click.option("--load", default="", help="The load's name; needed when the journal is gone.")
@click.option("--accept-returned-rows", is_flag=True, help="Also when rows that the run replaced may be back (DP437).")
@BUNDLES
@CONNECTIONS
@JOURNALS
@FORMAT
def abort(
    *,
    run_id: str,
    load: str,
    accept_returned_rows: bool,
    bundles: str,
    connections: Path | None,
    journal_dir: Path,
    output: str,
) -> None:
    """Give an unfinished run up: its window is loaded again by the next run, its staging is dropped by it."""
    known = load or run_started(journal_dir, run_id).get("load", "")
    if not known and (Path(bundles) / "plan.json").is_file():
        known = bundles
    if not known:
        fail(no_such_run(run_id, journal_dir, "name its load with --load when its journal is elsewhere"), output)
    ask = partial(give_up, run_id=run_id, returned_rows=accept_returned_rows)
    answer(ask, str(known), bundles, connections, output)


def _staging_left(bundles: str, connections: Path | None, output: str) -> list[dict[str, str]]:
    try:
        opened = [load_bundle(folder) for folder in find_bundles(Path(bundles))]
        return [
            {"load": bundle.doc.name, **row}
            for bundle in opened
            for row in staging_left(bundle, opener_for(bundle, connections))
        ]
    except ConnectionProblem as error:
        fail(RefusedError(error.code, f"{error.message} ({error.help})"), output)
    except RefusedError as error:
        fail(error, output)
