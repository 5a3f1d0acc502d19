"""dponec certify: the support matrix with the tests that stand behind each cell. Also `strategy certification-artifact`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dpone_compiler.cli.exits import DONE, FINDINGS
from dpone_compiler.cli.options import FORMATS

JUNIT = Path("build") / "junit.xml"


@click.command("certify")
@click.option(
    "--artifact-dir", type=click.Path(path_type=Path, file_okay=False), default=None, help="Write both files here."
)
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The test run that is the evidence. Default: build/junit.xml where it is there, else none.",
)
@click.option("--format", "form", type=FORMATS, default="text", show_default=True)
def certify(*, artifact_dir: Path | None, junit: Path | None, form: str) -> None:
    """Write the certification matrix. A cell without a passed test is not certified, whatever it supports."""
    from dpone_compiler.artifacts.plan_codec import canonical_json
    from dpone_compiler.certify.artifact import certification, markdown, write
    from dpone_compiler.certify.evidence import NoEvidenceError, read_junit
    from dpone_compiler.certify.matrix import matrix

    evidence = junit or (JUNIT if JUNIT.is_file() else None)
    try:
        proofs = read_junit(evidence) if evidence is not None else ()
        document = certification(matrix(), proofs)
        written = write(artifact_dir, document) if artifact_dir is not None else ()
    except (NoEvidenceError, OSError) as error:
        click.echo(f"dponec certify: {error}", err=True)
        sys.exit(FINDINGS)
    if form == "json":
        click.echo(canonical_json(document), nl=False)
    elif form == "md":
        click.echo(markdown(document), nl=False)
    else:
        summary = document["summary"]
        for name, count in summary.items():
            click.echo(f"{name}: {count}")
        if not proofs:
            click.echo("no test run was given: nothing is certified (make test writes build/junit.xml)")
    for path in written:
        click.echo(f"wrote {path}", err=True)
    failed = [entry for entry in document["entries"] if entry["failed"]]
    sys.exit(FINDINGS if failed else DONE)
