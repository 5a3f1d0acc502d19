"""dponec check: diagnostics and policy gates only; nothing is written."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dpone_compiler.cli.options import CATALOG, COSTS, FAIL_ON, POLICY, RUNS, SET, compile_options, tell_diagnostics
from dpone_compiler.cli.verdict import verdict

FORMATS = click.Choice(["text", "concise", "json", "github", "sarif", "junit"])


@click.command("check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=FORMATS, default="text", show_default=True, help="How diagnostics are told.")
@CATALOG
@POLICY
@SET
@COSTS
@RUNS
@FAIL_ON
def check(
    *,
    paths: tuple[Path, ...],
    form: str,
    catalog: Path | None,
    policies: tuple[Path, ...],
    given: tuple[str, ...],
    costs: Path | None,
    runs: Path | None,
    fail_on: str,
) -> None:
    """Check manifests and folders of manifests. Exit code 1 when there is an error."""
    options = compile_options(catalog, policies, given, costs, runs)

    from dpone_compiler.diagnostics.problem import Severity
    from dpone_compiler.diagnostics.render import RENDERERS
    from dpone_compiler.driver.compile import compile_paths
    from dpone_compiler.driver.document import decision_document

    result = compile_paths(paths, options)
    if form == "text":
        tell_diagnostics(result)
        passed = len(result.bundles)
        errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in result.diagnostics)
        refused = f", {errors} error{'' if errors == 1 else 's'}" if errors else ""
        click.echo(f"{passed} load{'' if passed == 1 else 's'} passed{refused}")
    else:
        text = RENDERERS[form](result.diagnostics, result.files)
        click.echo(text, nl=False, err=form in ("concise", "github"))
    decided = [decision_document(each.load) for each in result.loads]
    sys.exit(verdict(result.diagnostics, decided, fail_on))
