"""dponec explain: the page of a code, or of a step of a bundle."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from dpone_compiler.cli.exits import FINDINGS, USAGE

_CODE = re.compile(r"[A-Z]+\d+", re.IGNORECASE)


@click.command("explain")
@click.argument("subject", metavar="CODE|BUNDLE")
@click.argument("step", required=False)
def explain(*, subject: str, step: str | None) -> None:
    """Explain a CODE such as DP221, or a STEP of the bundle in a folder."""
    if step is not None:
        _explain_step(Path(subject), step)
    elif not _CODE.fullmatch(subject) and (Path(subject) / "plan.json").is_file():
        _explain_step(Path(subject), "")
    else:
        _explain_code(subject.upper())


def _explain_code(code: str) -> None:
    from dpone_compiler.diagnostics.suggest import nearest
    from dpone_compiler.problems.catalogue import pages

    page = pages().get(code)
    if page is not None:
        click.echo(page.render(), nl=False)
        return
    near = nearest(code.lower(), [known.lower() for known in pages()])
    hint = f"did you mean {near.upper()}?" if near else "docs/reference/problems.md lists all codes"
    click.echo(f"dponec explain: there is no code {code!r}; {hint}", err=True)
    sys.exit(USAGE)


def _explain_step(folder: Path, step_id: str) -> None:
    from dpone_compiler.cli.step_page import render_step
    from dpone_compiler.diagnostics.suggest import did_you_mean
    from dpone_compiler.runtime.bundle import load_bundle
    from dpone_compiler.runtime.outcome import RefusedError

    try:
        doc = load_bundle(folder).doc
    except RefusedError as error:
        click.echo(f"dponec explain: {error.code}: {error.message}", err=True)
        sys.exit(FINDINGS)
    if not step_id:
        click.echo("\n".join(f"{step.id}: {step.purpose}" for step in doc.steps))
        return
    found = next((step for step in doc.steps if step.id == step_id), None)
    if found is None:
        near = did_you_mean(step_id, [step.id for step in doc.steps])
        click.echo(f"dponec explain: the plan of {doc.name} has no step {step_id!r}; {near}", err=True)
        sys.exit(USAGE)
    click.echo(render_step(doc, found, str(folder)), nl=False)
