"""dponec introspect: write the catalog snapshot of the tables that manifests name."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dpone_compiler.cli.exits import DONE, FINDINGS
from dpone_compiler.cli.options import SET, overrides, wants_color


@click.command("introspect")
@click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of snapshots. Default: the folder `catalog` that a compile of the first manifest reads, else a new one beside it.",
)
@click.option("--connections", type=click.Path(path_type=Path, exists=True), default=None, help="A connections.yaml.")
@SET
def introspect(
    *, manifests: tuple[Path, ...], out: Path | None, connections: Path | None, given: tuple[str, ...]
) -> None:
    """Ask the servers for columns, types, keys, partitions and estimates. Commit the snapshots: compile reads them offline."""
    settings = overrides(given)

    from dpone_compiler.cli.snapshots import snapshot, wanted_tables
    from dpone_compiler.diagnostics.diagnostic import has_errors
    from dpone_compiler.diagnostics.render import full
    from dpone_compiler.driver.compile import Options, read_manifest_file
    from dpone_compiler.driver.inputs import CATALOG_FOLDER, catalog_folder, find_manifests
    from dpone_compiler.frontends.catalog.problems import UnreadableCatalog
    from dpone_compiler.runtime.connections.resolve import ConnectionProblem, check_clashes
    from dpone_compiler.runtime.outcome import RefusedError

    paths, found = find_manifests(manifests)
    reads = [read_manifest_file(path, Options(overrides=settings)) for path in paths]
    # A snapshot that cannot be read is what this command repairs.
    told = (*found, *(d for read in reads for d in read.diagnostics if not isinstance(d.problem, UnreadableCatalog)))
    files = {name: file for read in reads for name, file in read.files.items()}
    click.echo(full.render(told, files, color=wants_color()), nl=False, err=True)
    if has_errors(told):
        sys.exit(FINDINGS)
    beside = paths[0].parent / CATALOG_FOLDER
    folder = out or (beside if beside.is_dir() else catalog_folder(paths[0])) or beside
    wanted = wanted_tables(load for read in reads for load in read.loads)
    try:
        check_clashes(each.connection for each in wanted)
    except ConnectionProblem as error:
        click.echo(f"dponec introspect: {error}", err=True)
        sys.exit(FINDINGS)
    worst = DONE
    for each in wanted:
        try:
            written = snapshot(each, folder, connections)
        except RefusedError as error:
            click.echo(f"dponec introspect: {error.code}: {error.message}; its snapshot is as it was", err=True)
            worst = error.exit_code if worst == DONE else min(worst, error.exit_code)
            continue
        kept = f", {written.kept} kept" if written.kept else ""
        kept += f", {written.missing} not made yet" if written.missing else ""
        word = "wrote" if written.changed else "unchanged:"
        click.echo(f"{word} {written.path} ({written.asked} table{'' if written.asked == 1 else 's'}{kept})")
    sys.exit(worst)
