"""dponec plan: the plan of a manifest, compiled in memory, or of a bundle, for people and for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dpone_compiler.cli.exits import FINDINGS
from dpone_compiler.cli.options import (
    CATALOG,
    COSTS,
    FAIL_ON,
    FORMATS,
    POLICY,
    RUNS,
    SET,
    compile_options,
    overrides,
    tell_diagnostics,
)
from dpone_compiler.cli.verdict import verdict

if TYPE_CHECKING:
    from dpone_compiler.diagnostics.diagnostic import Diagnostics
    from dpone_compiler.driver.compile import Options


@click.command("plan")
@click.argument("path", metavar="MANIFEST|BUNDLE", type=click.Path(path_type=Path))
@click.option(
    "--explain-strategy", is_flag=True, help="Text: also the decision, what was rejected, gates and warnings."
)
@click.option("--format", "form", type=FORMATS, default="text", show_default=True, help="md: plan.md; json: plan.json.")
@CATALOG
@POLICY
@SET
@COSTS
@RUNS
@FAIL_ON
def plan(
    *,
    path: Path,
    explain_strategy: bool,
    form: str,
    catalog: Path | None,
    policies: tuple[Path, ...],
    given: tuple[str, ...],
    costs: Path | None,
    runs: Path | None,
    fail_on: str,
) -> None:
    """Show the plan. Nothing is written and nothing is run."""
    diagnostics: Diagnostics = ()
    if _holds_bundles(path):
        if catalog or policies or overrides(given) or costs or runs:
            raise click.UsageError(
                "--catalog, --policy, --set, --costs and --runs are for a manifest; a bundle is compiled already"
            )
        files = _from_bundles(path)
    else:
        files, diagnostics = _from_manifest(path, compile_options(catalog, policies, given, costs, runs))
    click.echo(_rendered(files, form, explain=explain_strategy), nl=False)
    sys.exit(verdict(diagnostics, [json.loads(each["plan.json"])["decision"] for each in files], fail_on))


def _holds_bundles(path: Path) -> bool:
    return path.is_dir() and ((path / "plan.json").is_file() or any(path.glob("*/plan.json")))


def _from_bundles(path: Path) -> list[Mapping[str, str]]:
    """plan.json and plan.md of each bundle, with every digest checked: what is shown is what would be run."""
    from dpone_compiler.runtime.bundle import PLAN, find_bundles, load_bundle
    from dpone_compiler.runtime.outcome import RefusedError

    try:
        return [
            {**load_bundle(folder).bodies, PLAN: (folder / PLAN).read_text(encoding="utf-8")}
            for folder in find_bundles(path)
        ]
    except RefusedError as error:
        click.echo(f"dponec plan: {error.code}: {error.message}", err=True)
        sys.exit(FINDINGS)


def _from_manifest(path: Path, options: Options) -> tuple[list[Mapping[str, str]], Diagnostics]:
    from dpone_compiler.driver.compile import compile_paths

    result = compile_paths([path], options)
    tell_diagnostics(result)
    return [bundle.files for bundle in result.bundles], result.diagnostics


def _rendered(plans: list[Mapping[str, str]], form: str, *, explain: bool) -> str:
    if form == "md":
        return "\n".join(files["plan.md"] for files in plans)
    if form == "json":
        from dpone_compiler.artifacts.plan_codec import canonical_json

        documents = [json.loads(files["plan.json"]) for files in plans]
        return canonical_json(documents[0] if len(documents) == 1 else {"plans": documents})

    from dpone_compiler.artifacts.plan_codec import decode_plan
    from dpone_compiler.cli.plan_text import render_plan_text

    return "\n".join(render_plan_text(decode_plan(files["plan.json"]), explain=explain) for files in plans)
