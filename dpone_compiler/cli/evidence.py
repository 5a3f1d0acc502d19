"""dponec strategy certification-bundle and native-transfer-evidence: evidence with checksums; empty or stale evidence is refused."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import click

from dpone_compiler.cli.exits import DONE, FINDINGS
from dpone_compiler.cli.options import FORMATS

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
ARTIFACTS = click.option(
    "--artifact-dir", type=_FOLDER, default=None, help="Write JSON and Markdown here, when it passes."
)


@click.command("certification-bundle")
@click.argument("evidence", nargs=-1, type=_FILE)
@click.option("--max-age-days", type=click.FloatRange(0), default=7.0, show_default=True, help="Older is stale.")
@ARTIFACTS
@click.option("--format", "form", type=FORMATS, default="text", show_default=True)
def certification_bundle(
    *, evidence: tuple[Path, ...], max_age_days: float, artifact_dir: Path | None, form: str
) -> None:
    """Bundle EVIDENCE: a JUnit file, the certification made of it, a plan.json and a receipt of its run."""
    from dpone_compiler.certify.bundle import bundle_markdown
    from dpone_compiler.certify.bundle import certification_bundle as bundled
    from dpone_compiler.certify.items import read_item

    # Test runs write local time without a zone; both ends are compared in UTC offsets of this machine.
    document = bundled(
        [read_item(path) for path in evidence], datetime.now(UTC).astimezone(), timedelta(days=max_age_days)
    )
    _end(document, bundle_markdown(document), "certification_bundle", artifact_dir, form)


@click.command("native-transfer-evidence")
@click.argument("bundle", type=_FOLDER)
@click.option("--run-dir", required=True, type=_FOLDER, help="The run's folder, below .dponec/runs.")
@ARTIFACTS
@click.option("--format", "form", type=FORMATS, default="text", show_default=True)
def native_transfer_evidence(*, bundle: Path, run_dir: Path, artifact_dir: Path | None, form: str) -> None:
    """Index what a run of BUNDLE left behind against the evidence that its plan asks for."""
    from dpone_compiler.certify.transfer import transfer_evidence, transfer_markdown
    from dpone_compiler.runtime.bundle import load_bundle
    from dpone_compiler.runtime.outcome import RefusedError

    try:
        document = transfer_evidence(load_bundle(bundle).doc, bundle, run_dir)
    except RefusedError as error:
        click.echo(f"dponec: {error.code}: {error.message}", err=True)
        sys.exit(FINDINGS)
    _end(document, transfer_markdown(document), "evidence_index", artifact_dir, form)


def _end(document: dict[str, Any], markdown: str, name: str, folder: Path | None, form: str) -> NoReturn:
    """Show it; write it only when it passed, so that no file claims what was refused."""
    from dpone_compiler.artifacts.plan_codec import canonical_json

    if form == "json":
        click.echo(canonical_json(document), nl=False)
    elif form == "md":
        click.echo(markdown, nl=False)
    else:
        click.echo(f"{name}: {'passed' if document['passed'] else 'refused'}")
    for blocker in document["blockers"]:
        click.echo(f"  {blocker}", err=True)
    if document["passed"] and folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, text in (("json", canonical_json(document)), ("md", markdown)):
            (folder / f"{name}.{suffix}").write_text(text, encoding="utf-8")
            click.echo(f"wrote {folder / name}.{suffix}", err=True)
    sys.exit(DONE if document["passed"] else FINDINGS)
