"""dponec calibrate: fits the cost model's constants to the receipts of past runs on this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from dpone_compiler.cli.exits import DONE, FINDINGS
from dpone_compiler.runtime.journal import FOLDER

_FEWEST = 5  # runs of a sink; fewer fit anything


@click.command("calibrate")
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "-o", "--output", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the constants here."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def calibrate(*, runs: tuple[Path, ...], out: Path | None, form: str) -> None:
    """Fit to the finished runs in the folders RUNS (default: .dponec/runs); use the file with --costs."""
    from dpone_compiler.artifacts.plan_codec import canonical_json
    from dpone_compiler.cost.calibrate import calibrated
    from dpone_compiler.cost.codec import encode_costs

    receipts = list(_receipts(runs or (FOLDER,)))
    found = calibrated(receipts, fewest=_FEWEST)
    document = encode_costs(found.constants, found.runs)
    if out is not None and found.constants:
        out.write_text(canonical_json(document), encoding="utf-8")
        click.echo(f"wrote {out}", err=True)
    if form == "json":
        click.echo(canonical_json(document), nl=False)
    else:
        click.echo("\n".join(_text(document)))
    for each in found.passed_over:
        click.echo(f"dponec calibrate: {each}", err=True)
    sys.exit(DONE if found.constants else FINDINGS)


def _receipts(folders: Sequence[Path]) -> Iterator[dict[str, Any]]:
    from dpone_compiler.runtime.receipt import NAME, read_receipt

    for folder in folders:
        yield from (read_receipt(path.parent) for path in sorted(folder.rglob(NAME)))


def _text(document: dict[str, Any]) -> Iterator[str]:
    for sink, phases in document["seconds"].items():
        yield f"{sink}: {document['runs'][sink]} runs"
        for phase, rate in phases.items():
            yield f"  {phase}: {rate['fixed']:.3f} s, {rate['row'] * 1e6:.2f} µs a row, {rate['byte'] * 1e9:.2f} ns a byte"
    if not document["seconds"]:
        yield "nothing was fitted"
