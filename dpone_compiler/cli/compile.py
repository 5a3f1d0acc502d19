"""dponec compile: write one bundle for each load, or with --check say whether the committed ones are up to date."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dpone_compiler.cli.exits import DONE, FINDINGS, USAGE
from dpone_compiler.cli.options import COSTS, RUNS

FORMATS = click.Choice(["text", "concise", "json", "github", "sarif", "junit"])


@click.command("compile")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), default=Path("plans"), show_default=True)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the bundles in the output folder differ.")
@click.option(
    "--strict", is_flag=True, help="With --check: also when only the text differs and the effects are the same."
)
@click.option("--format", "form", type=FORMATS, default="text", help="How diagnostics are told.")
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, help="Processes to compile with.")
@click.option("--no-cache", is_flag=True, help="Compile even when nothing changed.")
@click.option(
    "--catalog", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Folder of catalog snapshots."
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Rules tried first.",
)
@click.option("--set", "given", multiple=True, metavar="PATH=VALUE", help="Override a value of a YAML manifest.")
@COSTS
@RUNS
@click.option("--print-ir-after", metavar="PASS|all", default="", help="Print the load after a pass that changed it.")
@click.option(
    "--emit",
    type=click.Choice(["bundles", "dpone"]),
    default="bundles",
    show_default=True,
    help="dpone: write a manifest for dpone 0.88 instead, one file a load, with the decision in it.",
)
@click.option("--timing", is_flag=True, help="Print the seconds each pass took.")
def compile_(
    *,
    paths: tuple[Path, ...],
    out: Path,
    check: bool,
    strict: bool,
    form: str,
    jobs: int,
    no_cache: bool,
    catalog: Path | None,
    policies: tuple[Path, ...],
    given: tuple[str, ...],
    costs: Path | None,
    runs: Path | None,
    print_ir_after: str,
    emit: str,
    timing: bool,
) -> None:
    """Compile manifests and folders of manifests."""
    from dpone_compiler.driver.cache import open_store
    from dpone_compiler.driver.request import Request
    from dpone_compiler.driver.unchanged import nothing_to_do

    overrides = {}
    for pair in given:
        path, equals, value = pair.partition("=")
        if not equals or not path:
            raise click.BadParameter(f"{pair!r} is not PATH=VALUE", param_hint="--set")
        overrides[path] = value
    request = Request(
        paths=paths,
        out=out,
        check=check,
        strict=strict,
        form=form,
        jobs=jobs,
        cache=not no_cache and not print_ir_after and not timing and emit == "bundles",
        catalog=catalog,
        policies=policies,
        overrides=overrides,
        costs=costs,
        runs=runs,
        print_ir_after=print_ir_after,
        timing=timing,
    )
    try:
        store = open_store() if request.cache else None
        outcome = nothing_to_do(request, store) if store else None
        if outcome is None and emit == "dpone":
            from dpone_compiler.driver.emit_dpone import emit_request

            outcome = emit_request(request)
        elif outcome is None:
            from dpone_compiler.driver.session import compile_request

            outcome = compile_request(request, store)
    except OSError as error:
        click.echo(f"dponec: {error.filename or out}: {error.strerror}; nothing was half-written", err=True)
        sys.exit(USAGE if isinstance(error, FileNotFoundError) else FINDINGS)
    if outcome.diagnostics:
        click.echo(outcome.diagnostics, nl=False, err=not request.one_document)
    for line in outcome.lines:
        click.echo(line, err=request.one_document)
    sys.exit(FINDINGS if outcome.failed else DONE)
