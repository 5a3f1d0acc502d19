"""dponec verify: run bundles on embedded engines with generated data and crashes, and compare with the reference model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dpone_compiler.cli.exits import DONE, FINDINGS
from dpone_compiler.cli.options import FORMATS

if TYPE_CHECKING:
    from dpone_compiler.runtime.bundle import LoadedBundle
    from dpone_compiler.verify.matrix import Verdict


@click.command("verify")
@click.argument("bundles", metavar="BUNDLE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=FORMATS, default="text", show_default=True, help="How to print the matrix.")
def verify(*, bundles: tuple[Path, ...], form: str) -> None:
    """Run the statements of bundles on embedded engines and hold them to what their strategy means.

    The tables come from the bundle's own catalog extract, the rows are made for their types, and a crash is put at every step.
    Nothing of yours is connected to. Exit 1 when anything differs, with the smallest case, or could not be tried.
    """
    loaded = _loaded(bundles)

    from dpone_compiler.verify.bundle import verify_bundle
    from dpone_compiler.verify.engines import make_engines

    verdicts: list[Verdict] = []
    with make_engines() as engines:
        for bundle in loaded:
            click.echo(f"{bundle.doc.name}: running", err=True)
            verdicts.append(verify_bundle(bundle, engines))
    click.echo(_rendered(verdicts, form), nl=False)
    sys.exit(DONE if all(verdict.verified for verdict in verdicts) else FINDINGS)


def _loaded(paths: tuple[Path, ...]) -> list[LoadedBundle]:
    from dpone_compiler.runtime.bundle import find_bundles, load_bundle
    from dpone_compiler.runtime.outcome import RefusedError

    try:
        return [load_bundle(folder) for path in paths for folder in find_bundles(path)]
    except RefusedError as error:
        click.echo(f"dponec verify: {error.code}: {error.message}", err=True)
        sys.exit(FINDINGS)


def _rendered(verdicts: list[Verdict], form: str) -> str:
    from dpone_compiler.cli.verify_text import as_markdown, as_text

    if form == "json":
        from dpone_compiler.artifacts.plan_codec import canonical_json
        from dpone_compiler.verify.matrix import document

        return canonical_json({"format": "dponec.verify/1", "bundles": [document(verdict) for verdict in verdicts]})
    return "\n".join((as_markdown if form == "md" else as_text)(verdict) for verdict in verdicts)
