"""dponec advise: the strategy decision of a manifest, its reasons, and what was rejected. Also `dponec strategy advise`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from dpone_compiler.cli.options import CATALOG, COSTS, FAIL_ON, FORMATS, POLICY, RUNS, SET, compile_options, wants_color
from dpone_compiler.cli.verdict import verdict


def share(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """A share between 0 and 1, also as `20%`; a usage error says what was probably meant."""
    if value is None:
        return None
    percent = value.strip().endswith("%")
    try:
        number = float(value.strip().rstrip("%")) / (100 if percent else 1)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a number between 0 and 1, such as 0.20", ctx, param) from None
    if 0 <= number <= 1:
        return number
    meant = f"; did you mean {number / 100:.2f}?" if 1 < number <= 100 and not percent else ""
    raise click.BadParameter(f"{value} is not between 0 and 1{meant}", ctx, param)


@click.command("advise")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--estimated-rows", type=click.IntRange(0), help="Rows of the source, instead of the manifest's hint.")
@click.option("--changed-percent", callback=share, metavar="0..1", help="Share of rows that change between two loads.")
@click.option("--delete-percent", callback=share, metavar="0..1", help="Share of rows that are deleted.")
@click.option("--format", "form", type=FORMATS, default="text", show_default=True)
@click.option("--trace", is_flag=True, help="Show how every rule of the policy came out.")
@RUNS
@CATALOG
@POLICY
@SET
@COSTS
@FAIL_ON
def advise(
    *,
    manifest: Path,
    estimated_rows: int | None,
    changed_percent: float | None,
    delete_percent: float | None,
    form: str,
    trace: bool,
    runs: Path | None,
    catalog: Path | None,
    policies: tuple[Path, ...],
    given: tuple[str, ...],
    costs: Path | None,
    fail_on: str,
) -> None:
    """Say how a load would be done and why. The flags stand in for the manifest's hints."""
    flags = {"rows": estimated_rows, "changed": changed_percent, "deleted": delete_percent}
    options = replace(compile_options(catalog, policies, given, costs, runs), told=flags)

    from dpone_compiler.cli.advice_text import render_advice
    from dpone_compiler.cli.reading import read_manifests
    from dpone_compiler.diagnostics.problem import Severity
    from dpone_compiler.diagnostics.render import full
    from dpone_compiler.driver.advice import advise_load
    from dpone_compiler.driver.document import decision_document

    read = read_manifests(manifest, options)
    advices = [
        advise_load(load, file.catalog, file.policy, file.constants) for file in read.reads for load in file.loads
    ]
    diagnostics = (*read.diagnostics, *(each for advice in advices for each in advice.diagnostics))
    # The advice itself shows the warnings, in every format.
    errors = tuple(each for each in diagnostics if each.severity is Severity.ERROR)
    click.echo(full.render(errors, read.files, color=wants_color()), nl=False, err=True)
    click.echo(render_advice(advices, form, trace=trace), nl=False)
    sys.exit(verdict(diagnostics, [decision_document(each.load) for each in advices], fail_on))
